# Stand-ins for the images that a test machine cannot pull: the same programs from Debian's packages.
ARG BASE=jarvis-base:12

FROM ${BASE} AS base
RUN apt-get update -qq \
 && echo 'exit 101' > /usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d

FROM base AS postgres
RUN mkdir -p /etc/postgresql-common \
 && echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql age openssl

FROM base AS monitoring
RUN DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
      prometheus prometheus-alertmanager prometheus-node-exporter prometheus-blackbox-exporter
