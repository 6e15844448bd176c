#include "notify.h"

#include "commands.h"
#include "layout.h"
#include "output.h"
#include "pages.h"
#include "vcpus.h"

static uint64_t counts[N_MODES];

/* Writes the line if the page is (still) armed.  Hold the output's lock. */
static void notify(unsigned vcpu, enum mode m, uint64_t gpa, unsigned bytes, uint64_t rip)
{
    if (!page_take(gpa, m))
        return;
    line_begin(session_time((int)vcpu), (int)vcpu, mode_names[m]);
    field_hex("a", gpa);
    if (bytes)
        field_number("n", bytes);
    field_hex("ip", rip);
    line_end();
    counts[m]++;
}

/* The part of a data access that lies in one page. */
static void access_page(unsigned vcpu, plugin_meminfo info, uint64_t vaddr, unsigned bytes, uint64_t rip,
                        bool store)
{
    const struct qemu_plugin_hwaddr *addr = qemu_plugin_get_hwaddr(info, vaddr);

    if (!addr || qemu_plugin_hwaddr_is_io(addr)) { /* a device's handle must not be asked for its address */
        count_mmio(vcpu);
        return;
    }
    uint64_t gpa = gpa_of_key(qemu_plugin_hwaddr_phys_addr(addr));
    if (gpa == NO_GPA) {
        count_unmapped(vcpu);
        return;
    }
    if (store ? !page_armed(gpa, PREWRITE) && !page_armed(gpa, WRITE) : !page_armed(gpa, PREREAD))
        return;
    out_lock();
    notify(vcpu, store ? PREWRITE : PREREAD, gpa, bytes, rip);
    if (store) /* TCG calls back after the access: both notifications belong here */
        notify(vcpu, WRITE, gpa, bytes, rip);
    out_unlock();
}

static void access(unsigned vcpu, plugin_meminfo info, uint64_t vaddr, uint64_t rip, bool store)
{
    if (store ? !mode_tracked(PREWRITE) && !mode_tracked(WRITE) : !mode_tracked(PREREAD))
        return; /* asking where an access goes is what costs most */
    unsigned bytes = 1u << qemu_plugin_mem_size_shift(info);
    unsigned room = PAGE_BYTES - (unsigned)(vaddr & (PAGE_BYTES - 1));

    access_page(vcpu, info, vaddr, bytes < room ? bytes : room, rip, store);
    if (bytes > room) /* straddles: the second page has a frame of its own */
        access_page(vcpu, info, vaddr + room, bytes - room, rip, store);
}

/* The direction is asked for here: QEMU 7.2 misroutes callbacks that are registered for one direction. */
void on_access(unsigned vcpu, plugin_meminfo info, uint64_t vaddr, void *rip)
{
    access(vcpu, info, vaddr, (uintptr_t)rip, qemu_plugin_mem_is_store(info));
}

void on_locked_access(unsigned vcpu, plugin_meminfo info, uint64_t vaddr, void *data)
{
    uint64_t rip = (uintptr_t)data;

    if (!qemu_plugin_mem_is_store(info))
        note_locked_load(vcpu, rip);
    else if (!saw_locked_load(vcpu, rip))
        access(vcpu, info, vaddr, rip, false);
    on_access(vcpu, info, vaddr, data);
}

void notify_fetch(unsigned vcpu, uint64_t gpa, uint64_t rip)
{
    if (!page_armed(gpa, PREEXEC))
        return;
    out_lock();
    notify(vcpu, PREEXEC, gpa, 0, rip);
    out_unlock();
}

void notify_mark(unsigned vcpu, unsigned n)
{
    out_lock();
    line_begin(session_time((int)vcpu), (int)vcpu, "mark");
    field_number("phase", n);
    field_text("name", mark_name(n));
    line_end();
    out_unlock();
}

void field_counts(void)
{
    for (unsigned m = 0; m < N_MODES; m++)
        field_number(mode_names[m], counts[m]);
}
