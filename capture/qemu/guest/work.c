/*
 * The guest's workloads, one static program: each command is a kind of memory
 * behaviour that can be told apart in a heat map, and "mark" tells the plugin
 * that a phase begins.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A mark is a no-op with its number inside (x86.h), so each number is a function of its own. */
extern char mark_functions[];
__asm__(".text\n"
        "mark_functions:\n"
        " .set i,0\n"
        " .rept 64\n"
        " .byte 0x0f,0x1f,0x80,i,0x00,0x54,0x50\n"
        " ret\n"
        " .set i,i+1\n"
        " .endr\n");

static uint64_t random_state = 88172645463325252ull;

static uint64_t next_random(void) /* the same in each run */
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    return random_state ^= random_state << 17;
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void spend(int rounds)
{
    for (volatile int i = 0; i < rounds; i++)
        ;
}

static void pin(int cpu)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    sched_setaffinity(0, sizeof set, &set);
}

static char *map(size_t bytes, int protection)
{
    void *p = mmap(NULL, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        fail("mmap");
    return p;
}

static char *map_file(const char *name, size_t *bytes)
{
    struct stat st;
    int fd = open(name, O_RDWR);
    void *p;

    if (fd < 0 || fstat(fd, &st))
        fail(name);
    *bytes = (size_t)st.st_size;
    p = mmap(NULL, *bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED)
        fail(name);
    return p;
}

static void do_mark(char **arg)
{
    int n = atoi(arg[0]);

    printf("PHASE %d\n", n);
    fflush(stdout);
    if (n >= 0 && n < 64)
        ((void (*)(void))(mark_functions + 8 * n))();
}

/* FILE MIB: writes half-compressible data in order. */
static void do_seq_write(char **arg)
{
    static uint64_t block[8192];
    int fd = open(arg[0], O_RDWR | O_CREAT, 0644);

    for (int i = 0; i < atoi(arg[1]) * 16; i++) {
        for (int j = 0; j < 8192; j++)
            block[j] = j & 4 ? next_random() & 0x0f0f0f0f : (uint64_t)i;
        if (write(fd, block, sizeof block) != sizeof block)
            fail(arg[0]);
    }
}

/* FILE COUNT: touches pages at random, one in four by writing. */
static void do_random_touch(char **arg)
{
    size_t bytes;
    char *m = map_file(arg[0], &bytes);
    unsigned sum = 0;

    for (int i = 0; i < atoi(arg[1]); i++) {
        char *p = m + next_random() % bytes;
        if (i & 3)
            sum += (unsigned char)*p;
        else
            *p = (char)i;
        spend(200);
    }
    printf("sum %u\n", sum);
}

/* FILE PAGES TIMES: reads every PAGESth page, backwards. */
static void do_stride_read(char **arg)
{
    size_t bytes, step = 4096 * strtoul(arg[1], NULL, 0);
    char *m = map_file(arg[0], &bytes);
    unsigned sum = 0;

    for (int n = atoi(arg[2]); n > 0; n--)
        for (size_t at = bytes; at >= step; at -= step) {
            sum += (unsigned char)m[at - 1];
            spend(500);
        }
    printf("sum %u\n", sum);
}

/* COUNT PROGRAM: fork, exec, wait. */
static void do_exec_storm(char **arg)
{
    for (int n = atoi(arg[0]); n > 0; n--) {
        pid_t child = fork();
        if (!child) {
            execl(arg[1], arg[1], "true", NULL);
            _exit(1);
        }
        waitpid(child, NULL, 0);
    }
}

/* MIB TIMES: maps, fills and frees. */
static void do_alloc(char **arg)
{
    size_t bytes = (size_t)atoi(arg[0]) << 20;

    for (int n = atoi(arg[1]); n > 0; n--) {
        char *m = map(bytes, PROT_READ | PROT_WRITE);
        for (size_t at = 0; at < bytes; at += 1024)
            m[at] = (char)at;
        munmap(m, bytes);
    }
}

/* TIMES: writes a function (mov $imm32,%eax; ret) into each of 16 pages and calls it. */
static void do_jit(char **arg)
{
    char *m = map(16 * 4096, PROT_READ | PROT_WRITE | PROT_EXEC);
    unsigned sum = 0;

    for (int n = 0; n < atoi(arg[0]); n++)
        for (int page = 0; page < 16; page++) {
            unsigned char *code = (unsigned char *)m + page * 4096 + n % 64 * 16;
            code[0] = 0xb8;
            memcpy(code + 1, &n, 4);
            code[5] = 0xc3;
            sum += ((unsigned (*)(void))code)();
        }
    printf("sum %u\n", sum);
}

static volatile uint64_t shared[2][512] __attribute__((aligned(4096)));
static int rallies;

static void *rally(void *side)
{
    pin((int)(intptr_t)side);
    for (int i = 0; i < rallies; i++)
        __sync_fetch_and_add(&shared[i / 1000 & 1][(intptr_t)side * 8], 1);
    return NULL;
}

/* COUNT: two vCPUs add to neighbours in the same two pages. */
static void do_pingpong(char **arg)
{
    pthread_t other;

    rallies = atoi(arg[0]);
    if (pthread_create(&other, NULL, rally, (void *)1))
        fail("pthread_create");
    rally((void *)0);
    pthread_join(other, NULL);
}

/* CPU PROGRAM ARGUMENTS...: runs it on one vCPU. */
static void do_on(char **arg)
{
    pin(atoi(arg[0]));
    execv(arg[1], arg + 1);
    fail(arg[1]);
}

static const struct {
    const char *name;
    int arguments;
    void (*run)(char **arg);
} commands[] = {
    { "mark", 1, do_mark },     { "seq-write", 2, do_seq_write },   { "random-touch", 2, do_random_touch },
    { "jit", 1, do_jit },       { "stride-read", 3, do_stride_read }, { "exec-storm", 2, do_exec_storm },
    { "alloc", 2, do_alloc },   { "pingpong", 1, do_pingpong },     { "on", 2, do_on },
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof *commands; i++)
        if (!strcmp(argv[1], commands[i].name) && argc - 2 >= commands[i].arguments) {
            commands[i].run(argv + 2);
            return 0;
        }
    fprintf(stderr, "work: no such command, or too few arguments\n");
    return 2;
}
