/* doctor_disk.c -- is there room? */
#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>

#include "host/doctor.h"
#include "host/place.h"

#define GIB (INT64_C(1) << 30)

enum { fail_percent = 10, warn_percent = 20 };

static void look_at(struct jv_doctor *d, const char *path, const char *setting)
{
    const char *check = "disk";
    struct statvfs fs;
    int64_t size, left, percent;

    if (statvfs(path, &fs)) {
        jv_found(d, JV_FAIL, check, "%s: cannot look at %s: %s", setting, path, strerror(errno));
        return;
    }
    size = (int64_t)(fs.f_blocks * fs.f_frsize);
    left = (int64_t)(fs.f_bavail * fs.f_frsize);
    percent = size ? left * 100 / size : 0;
    jv_found(d,
             percent < fail_percent || left < GIB ? JV_FAIL
             : percent < warn_percent             ? JV_WARN
                                                  : JV_OKAY,
             check, "%s (%s) has %lld.%lld GB free, %lld %%%s", path, setting,
             (long long)(left / GIB), (long long)(left % GIB * 10 / GIB), (long long)percent,
             percent < warn_percent || left < GIB ? ": make room" : "");
}

void jv_doctor_disk(struct jv_doctor *d)
{
    char *rest = jv_arena_strdup(d->arena, d->disk), *path;
    struct jv_place place;
    struct statvfs fs;

    jv_place_name(&place, d->arena);
    if (jv_is_set("JARVIS_VAR") || !statvfs(place.var, &fs))
        look_at(d, place.var, "JARVIS_VAR");
    else if (!*d->disk)
        jv_found(d, JV_SKIP, "disk", "neither JARVIS_VAR nor JARVIS_DOCTOR_DISK names a folder");
    while ((path = strsep(&rest, ":")))
        if (*path)
            look_at(d, path, "JARVIS_DOCTOR_DISK");
}
