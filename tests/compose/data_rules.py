"""data_rules.py -- for every alert of compose/monitoring/rules.yml: series at which it fires, and series at which it
does not. Each case is one test of `promtool test rules`.

    (alert, when, {series: values}, labels of what fires or None)

Values are promtool's: "0x10" is 0 ten more times, "0+6x60" grows; one a minute.
"""

GATEWAYS = 'up{job="gateway",instance="gateway-a"}'
REQUESTS = 'jarvis_http_requests_total{job="gateway",instance="gateway-a",route="/r",class="%s",status="%d"}'
BUCKET = 'jarvis_http_request_seconds_bucket{instance="gateway-a",class="%s",le="%s"}'
COUNT = 'jarvis_http_request_seconds_count{instance="gateway-a",class="%s"}'
LLM = 'jarvis_llm_%s{instance="%s",exported_instance="m1",model="gemini/flash"}'
GATEWAY = {"job": "gateway", "instance": "gateway-a"}
NODE = 'up{job="node",instance="node:9100"}'


def slow(kind, fast):
    """Histogram of a class: 60 requests a minute, so many of them below 0.5 s."""
    return {BUCKET % (kind, "0.5"): "0+%dx40" % fast, BUCKET % (kind, "1"): "0+60x40",
            BUCKET % (kind, "+Inf"): "0+60x40", COUNT % kind: "0+60x40"}


CASES = [
    ("NoGateway", "2m", {GATEWAYS: "0x10"}, {}),
    ("NoGateway", "2m", {'up{job="node"}': "1x10"}, {}),  # nobody there to be asked
    ("NoGateway", "5m", {GATEWAYS: "0x10", 'up{job="gateway",instance="gateway-b"}': "1x10"}, None),
    ("GatewayDown", "4m", {GATEWAYS: "0x10"}, GATEWAY),
    ("GatewayDown", "4m", {GATEWAYS: "1 1 0 1 1 1 1"}, None),  # a deploy
    ("EdgeDown", "4m", {'probe_success{job="edge",instance="https://j/health"}': "0x10"},
     {"job": "edge", "instance": "https://j/health"}),
    ("EdgeDown", "4m", {'probe_success{job="edge",instance="https://j/health"}': "1x10"}, None),
    ("NotReady", "4m", {'probe_success{job="ready",instance="u"}': "0x10"}, {"job": "ready", "instance": "u"}),
    ("NotReady", "4m", {'probe_success{job="ready",instance="u"}': "1x10"}, None),
    ("ComponentDown", "4m", {'jarvis_component_up{component="auth",instance="gateway-a"}': "0x10"},
     {"component": "auth"}),
    ("ComponentDown", "4m", {'jarvis_component_up{component="auth",instance="gateway-a"}': "0x10",
                             'jarvis_component_up{component="auth",instance="gateway-b"}': "1x10"}, None),
    ("NatsDown", "3m", {'jarvis_component_up{component="nats",instance="gateway-a"}': "0x10"}, {}),
    ("NatsDown", "3m", {'probe_success{job="nats",instance="nats:4222"}': "0x10"},
     {"job": "nats", "instance": "nats:4222"}),
    ("NatsDown", "3m", {'jarvis_component_up{component="nats"}': "1x10", 'probe_success{job="nats"}': "1x10"}, None),
    ("PostgresDown", "3m", {'probe_success{job="postgres",instance="postgres:5432"}': "0x10"},
     {"job": "postgres", "instance": "postgres:5432"}),
    ("PostgresDown", "3m", {'probe_success{job="postgres",instance="postgres:5432"}': "1x10"}, None),
    ("Errors", "15m", {REQUESTS % ("api", 200): "0+97x20", REQUESTS % ("api", 500): "0+3x20"}, {}),
    ("Errors", "15m", {REQUESTS % ("api", 200): "0+1000x20", REQUESTS % ("api", 503): "0+9x20"}, None),
    ("Errors", "15m", {REQUESTS % ("api", 200): "0+97x20", REQUESTS % ("api", 429): "0+30x20"}, None),
    ("Errors", "15m", {REQUESTS % ("ops", 503): "0+9x20", REQUESTS % ("api", 200): "0+97x20"}, None),
    ("Errors", "15m", {REQUESTS % ("api", 200): "0+1x20", REQUESTS % ("api", 500): "0+1x20"}, None),  # too few to tell
    ("SlowAnswers", "20m", slow("api", 50), {"class": "api"}),
    ("SlowAnswers", "20m", slow("api", 59), None),
    ("SlowAnswers", "20m", slow("stream", 0), None),
    ("SlowChats", "20m", slow("chat", 50), {"class": "chat"}),
    ("SlowChats", "20m", dict(slow("chat", 50), **{LLM % ("calls_total", "gateway-a"): "0+5x40"}), None),
    ("SlowChats", "20m", dict(slow("chat", 50), **{LLM % ("calls_total", "gateway-a"): "7x40"}), {"class": "chat"}),
    ("ConnectionsFull", "10m", {'jarvis_http_connections{instance="g"}': "950x15",
                                'jarvis_http_connections_max{instance="g"}': "1000x15"}, {"instance": "g"}),
    ("ConnectionsFull", "10m", {'jarvis_http_connections{instance="g"}': "800x15",
                                'jarvis_http_connections_max{instance="g"}': "1000x15"}, None),
    ("CertificateEnds", "20m", {'probe_ssl_earliest_cert_expiry{job="edge",instance="u"}': "1200000x30"},
     {"job": "edge", "instance": "u"}),  # 13.9 days
    ("CertificateEnds", "20m", {'probe_ssl_earliest_cert_expiry{job="edge",instance="u"}': "1300000x30"}, None),
    ("ModelFails", "30m", {LLM % ("calls_total", "gateway-a"): "0+10x40", LLM % ("failed_total", "gateway-a"): "0+6x40"},
     {"model": "gemini/flash"}),
    ("ModelFails", "30m", {LLM % ("calls_total", "gateway-a"): "0+10x40", LLM % ("failed_total", "gateway-a"): "0+2x40"},
     None),
    ("NoModelServes", "15m", {LLM % ("serving", "gateway-a"): "0x20"}, {}),
    ("NoModelServes", "15m", {LLM % ("serving", "gateway-a"): "0x20",
                              'jarvis_llm_serving{instance="gateway-a",model="other"}': "1x20"}, None),
    ("ModelsCost", "24h", {LLM % ("cost_microusd_total", "gateway-a"): "0+5000x1500",  # 7.2 dollars a day
                           LLM % ("cost_microusd_total", "gateway-b"): "0+5000x1500"}, {}),
    ("ModelsCost", "24h", {LLM % ("cost_microusd_total", "gateway-a"): "0+3000x1500",  # 4.3, told of twice
                           LLM % ("cost_microusd_total", "gateway-b"): "0+3000x1500"}, None),
    ("DiskFull", "10m", {'node_filesystem_avail_bytes{fstype="ext4",mountpoint="/"}': "9x15",
                         'node_filesystem_size_bytes{fstype="ext4",mountpoint="/"}': "100x15"},
     {"fstype": "ext4", "mountpoint": "/"}),
    ("DiskFull", "10m", {'node_filesystem_avail_bytes{fstype="ext4",mountpoint="/"}': "11x15",
                         'node_filesystem_size_bytes{fstype="ext4",mountpoint="/"}': "100x15",
                         'node_filesystem_avail_bytes{fstype="tmpfs",mountpoint="/run"}': "1x15",
                         'node_filesystem_size_bytes{fstype="tmpfs",mountpoint="/run"}': "100x15"}, None),
    ("MemoryShort", "15m", {"node_memory_MemAvailable_bytes": "9x20", "node_memory_MemTotal_bytes": "100x20"}, {}),
    ("MemoryShort", "15m", {"node_memory_MemAvailable_bytes": "50x20", "node_memory_MemTotal_bytes": "100x20"}, None),
    ("OutOfMemory", "10m", {"node_vmstat_oom_kill": "0 0 0 0 0 1x10"}, {}),
    ("OutOfMemory", "10m", {"node_vmstat_oom_kill": "3x15"}, None),
    ("CpuBusy", "30m", {'node_cpu_seconds_total{instance="n",cpu="0",mode="idle"}': "0+12x40",
                        'node_cpu_seconds_total{instance="n",cpu="1",mode="idle"}': "0+18x40"}, {"instance": "n"}),
    ("CpuBusy", "30m", {'node_cpu_seconds_total{instance="n",cpu="0",mode="idle"}': "0+30x40"}, None),
    ("RestartLoop", "15m", {'jarvis_container_restarts_total{service="tickets",name="t1"}': "0+1x20"},
     {"service": "tickets", "name": "t1"}),
    ("RestartLoop", "15m", {'process_start_time_seconds{job="gateway",instance="gateway-a"}': "0+60x20"}, GATEWAY),
    ("RestartLoop", "15m", {'jarvis_container_restarts_total{service="tickets",name="t1"}': "0 0 1x18",
                            'process_start_time_seconds{job="gateway",instance="gateway-a"}': "1 1 2x18"}, None),
    ("ContainerDown", "5m", {'jarvis_container_up{service="tickets",name="t1"}': "0x10"},
     {"service": "tickets", "name": "t1"}),
    ("ContainerDown", "5m", {'jarvis_container_up{service="tickets",name="t1"}': "0 0 1x10"}, None),
    ("BackupOld", "27h", {"jarvis_backup_success_timestamp_seconds": "0x1700"}, {}),
    ("BackupOld", "25h", {"jarvis_backup_success_timestamp_seconds": "0x1700"}, None),
    ("BackupMissing", "2h", {NODE: "1x130"}, {}),
    ("BackupMissing", "2h", {NODE: "1x130", "jarvis_backup_success_timestamp_seconds": "0x130"}, None),
    ("BackupMissing", "2h", {NODE: "0x130"}, None),  # who would tell?
    ("BackupFailed", "2h", {"jarvis_backup_exit_code": "3x130"}, {}),
    ("BackupFailed", "2h", {"jarvis_backup_exit_code": "1x20 0x110"}, None),
    ("MonitoringDown", "7m", {NODE: "0x15"}, {"job": "node", "instance": "node:9100"}),
    ("MonitoringDown", "7m", {NODE: "1x15", GATEWAYS: "0x15"}, None),
    ("ContainersUnknown", "25m", {NODE: "1x30"}, {}),
    ("ContainersUnknown", "25m", {NODE: "1x30", "jarvis_containers_timestamp_seconds": "0x30"}, {}),
    ("ContainersUnknown", "25m", {NODE: "1x30", "jarvis_containers_timestamp_seconds": "0+60x30"}, None),
    ("AlertsNotSent", "15m", {'alertmanager_notifications_failed_total{integration="slack"}': "0+1x20"},
     {"integration": "slack"}),
    ("AlertsNotSent", "15m", {'alertmanager_notifications_failed_total{integration="slack"}': "2x20"}, None),
]
