/* replay.c -- runs a fuzzer's function over the files of a folder: its corpus as an ordinary test.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { max_input = 1 << 21 };

static int replay(const char *path)
{
    FILE *f = fopen(path, "rb");
    uint8_t *data = malloc(max_input), *exact;
    size_t n;

    if (!f || !data) {
        printf("# cannot read %s\n", path);
        return 1;
    }
    n = fread(data, 1, max_input, f);
    fclose(f);
    exact = malloc(n ? n : 1); /* so that the sanitizer sees a read behind the end */
    if (!exact)
        return 1;
    memcpy(exact, data, n);
    free(data);
    LLVMFuzzerTestOneInput(exact, n);
    free(exact);
    return 0;
}

int main(int argc, char **argv)
{
    DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
    int n = 0, failed = 0;
    struct dirent *e;
    char path[512];

    if (!dir) {
        printf("usage: %s folder\n", argv[0]);
        return 2;
    }
    while ((e = readdir(dir))) {
        if (e->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s", argv[1], e->d_name);
        failed += replay(path);
        n++;
    }
    closedir(dir);
    printf("%s 1 - %d inputs\n1..1\n", n && !failed ? "ok" : "not ok", n);
    return !n || failed;
}
