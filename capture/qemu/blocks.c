#include "blocks.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "layout.h"
#include "notify.h"
#include "pages.h"
#include "vcpus.h"
#include "x86.h"

/* The part of a block in one page, told to its callback; lives until QEMU drops its blocks. */
struct part {
    uint64_t gpa, rip, insns;
    struct part *next;
};

static pthread_mutex_t parts_lock = PTHREAD_MUTEX_INITIALIZER; /* vCPUs translate side by side */
static struct part *parts;

static struct part *new_part(uint64_t gpa, uint64_t rip, uint64_t insns)
{
    struct part *part = malloc(sizeof *part);

    if (!part) {
        fprintf(stderr, "pagetrack: out of memory\n");
        abort();
    }
    pthread_mutex_lock(&parts_lock);
    *part = (struct part){ gpa, rip, insns, parts };
    parts = part;
    pthread_mutex_unlock(&parts_lock);
    return part;
}

void on_blocks_dropped(plugin_id id)
{
    (void)id;
    for (struct part *next; parts; parts = next) {
        next = parts->next;
        free(parts);
    }
}

static void on_part(unsigned vcpu, void *data)
{
    const struct part *part = data;

    notify_fetch(vcpu, part->gpa, part->rip);
}

static void on_block(unsigned vcpu, void *data)
{
    count_insns(vcpu, ((const struct part *)data)->insns);
    on_part(vcpu, data);
}

static void on_mark(unsigned vcpu, void *data) { notify_mark(vcpu, (unsigned)(uintptr_t)data); }

static void hook_insn(struct qemu_plugin_insn *insn, uint64_t rip)
{
    const uint8_t *code = qemu_plugin_insn_data(insn);
    size_t size = qemu_plugin_insn_size(insn);
    int mark = x86_mark(code, size);

    if (mode_tracked(PREREAD) || mode_tracked(PREWRITE) || mode_tracked(WRITE))
        qemu_plugin_register_vcpu_mem_cb(insn, x86_is_locked(code, size) ? on_locked_access : on_access,
                                         PLUGIN_NO_REGS, PLUGIN_MEM_RW, (void *)(uintptr_t)rip);
    if (mark >= 0)
        qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark, PLUGIN_NO_REGS, (void *)(intptr_t)mark);
}

void on_translate(plugin_id id, struct qemu_plugin_tb *tb)
{
    size_t n = qemu_plugin_tb_n_insns(tb);
    uint64_t page = 0;

    (void)id;
    if (!layout_wait()) {
        fprintf(stderr, "pagetrack: the launcher did not say where the guest's memory is\n");
        exit(1);
    }
    for (size_t i = 0; i < n; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        uint64_t rip = qemu_plugin_insn_vaddr(insn);
        if (i == 0 || rip >> PAGE_SHIFT != page) { /* a block spans two pages at most */
            uint64_t gpa = gpa_of_hva((uintptr_t)qemu_plugin_insn_haddr(insn));
            struct part *part = new_part(gpa, rip, i ? 0 : n);
            if (i == 0)
                qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, PLUGIN_NO_REGS, part);
            else
                qemu_plugin_register_vcpu_insn_exec_cb(insn, on_part, PLUGIN_NO_REGS, part);
            page = rip >> PAGE_SHIFT;
        }
        hook_insn(insn, rip);
    }
}
