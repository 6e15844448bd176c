/*
 * pagetrack: a QEMU TCG plugin that page-tracks a running x86 guest.
 *
 * It plays the host of KVM's page tracking: a load is a preread, a store a
 * prewrite and a write, a fetch a preexec, each a line of pagetrail's native
 * format (docs/format.md).  `pagetrail capture qemu` builds it, starts QEMU
 * with it and tells it the guest's memory layout; docs/capture-qemu.md says
 * what it sees and what not.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "blocks.h"
#include "commands.h"
#include "notify.h"
#include "options.h"
#include "output.h"
#include "pages.h"
#include "plugin-api.h"
#include "vcpus.h"

PLUGIN_EXPORT int qemu_plugin_version = PLUGIN_API_VERSION;
PLUGIN_EXPORT int qemu_plugin_install(plugin_id id, const struct plugin_info *info, int argc, char **argv);

static uint64_t wall_clock_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void session_line(const struct options *o, const struct plugin_info *info)
{
    line_begin(session_time(-1), -1, "session");
    field_number("version", 1);
    field_text("source", "qemu-tcg");
    field_text("target", info->target_name);
    field_text("clock", o->clock_insns ? "guest_insns" : "host_monotonic_ns");
    field_number("unix_ms", wall_clock_ms());
    field_number("vcpus", (uint64_t)info->system.smp_vcpus);
    field_number("page_size", PAGE_BYTES);
    field_text("policy", o->rearm ? "rearm" : "always");
    field_number("epoch_insns", o->epoch_insns);
    field_text("track", o->track);
    line_end();
}

static void on_vcpu(plugin_id id, unsigned vcpu)
{
    (void)id;
    out_lock();
    line_begin(session_time((int)vcpu), (int)vcpu, "vcpu");
    line_end();
    out_unlock();
}

static void on_exit(plugin_id id, void *data)
{
    (void)id, (void)data;
    out_lock();
    line_begin(session_time(-1), -1, "end");
    field_counts();
    field_totals();
    line_end();
    out_close();
    out_unlock();
}

static int fail(const char *reason)
{
    fprintf(stderr, "pagetrack: %s\n", reason);
    return 1;
}

int qemu_plugin_install(plugin_id id, const struct plugin_info *info, int argc, char **argv)
{
    static struct options o;

    if (!options_parse(&o, argc, argv))
        return 1;
    if (!info->system_emulation || (strcmp(info->target_name, "x86_64") && strcmp(info->target_name, "i386")))
        return fail("only whole x86 machines are tracked (qemu-system-x86_64, qemu-system-i386)");
    if (!pages_setup(&o) || !vcpus_setup(&o, (unsigned)info->system.max_vcpus))
        return fail("no memory for the page tables");
    out_lock();
    out_open(o.fd);
    session_line(&o, info);
    out_unlock();
    if (!commands_start(o.fd))
        return fail("no thread can be started");
    qemu_plugin_register_vcpu_init_cb(id, on_vcpu);
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
    qemu_plugin_register_flush_cb(id, on_blocks_dropped);
    qemu_plugin_register_atexit_cb(id, on_exit, NULL);
    return 0;
}
