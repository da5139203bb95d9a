/* lines.c - see lines.h. */
#include "analysis/lines.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

bool lines_open(struct lines *l, const struct image *image)
{
    *l = (struct lines){.image = image, .questions = tmpfile()};
    return l->questions != NULL;
}

void lines_close(struct lines *l)
{
    if (l->questions != NULL)
        fclose(l->questions);
    for (uint32_t i = 0; i < l->n; i++)
        free(l->lines[i].text);
    free(l->lines);
    *l = (struct lines){0};
}

void lines_ask(struct lines *l, uint32_t address)
{
    if (l->n == l->cap) {
        uint32_t cap = l->cap == 0 ? 1024 : l->cap * 2;
        struct line *lines = realloc(l->lines, cap * sizeof *lines);
        if (lines == NULL)
            return;
        l->lines = lines;
        l->cap = cap;
    }
    l->lines[l->n++] = (struct line){.address = address};
    fprintf(l->questions, "0x%x\n", address);
}

/* In the child: addr2line between the two files. Does not return. */
static void become_addr2line(const struct lines *l, int out)
{
    const char *name = l->image->isa == IMAGE_RISCV
                           ? "riscv64-unknown-elf-addr2line"
                           : "arm-none-eabi-addr2line";
    int nowhere = open("/dev/null", O_WRONLY);
    dup2(fileno(l->questions), STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    if (nowhere >= 0)
        dup2(nowhere, STDERR_FILENO);
    execlp(name, name, "-e", l->image->name, (char *)NULL);
    _exit(127);
}

/* "../src/file.c:17 (discriminator 2)" as "file.c:17"; null when unknown. */
static char *short_line(char *text)
{
    text[strcspn(text, " \n")] = '\0';
    char *slash = strrchr(text, '/');
    char *name = slash == NULL ? text : slash + 1;
    if (name[0] == '?' || strstr(name, ":?") != NULL ||
        strchr(name, ':') == NULL || strstr(name, ":0") != NULL)
        return NULL;
    return strdup(name);
}

void lines_answer(struct lines *l)
{
    int ends[2];
    char text[4096];
    if (fflush(l->questions) != 0 || pipe(ends) != 0)
        return;
    rewind(l->questions);
    lseek(fileno(l->questions), 0, SEEK_SET);
    pid_t child = fork();
    if (child == 0)
        become_addr2line(l, ends[1]);
    close(ends[1]);
    FILE *answers = fdopen(ends[0], "r");
    if (answers == NULL) {
        close(ends[0]);
    } else {
        for (uint32_t i = 0;
             i < l->n && fgets(text, sizeof text, answers) != NULL; i++)
            l->lines[i].text = short_line(text);
        fclose(answers);
    }
    if (child > 0)
        waitpid(child, NULL, 0);
}

const char *lines_at(const struct lines *l, uint32_t address)
{
    uint32_t low = 0, high = l->n;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (l->lines[middle].address < address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == l->n || l->lines[low].address != address ||
        l->lines[low].text == NULL)
        return "?";
    return l->lines[low].text;
}
