#include "vcpus.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "output.h"
#include "pages.h"

/* Only its own thread writes a vCPU's counts, so no locked instruction is needed. */
struct vcpu {
    _Atomic uint64_t insns, mmio, unmapped;
    uint64_t published;
    uint64_t locked_rip, locked_insns; /* the last load of a locked instruction, and when */
} __attribute__((aligned(64)));

static struct vcpu *vcpus;
static unsigned n_vcpus;
static bool clock_insns;
static uint64_t epoch_insns, began_ns;
static _Atomic uint64_t total_insns; /* what was published */

static uint64_t monotonic_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static uint64_t load(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static uint64_t add(_Atomic uint64_t *counter, uint64_t n)
{
    uint64_t sum = load(counter) + n;

    atomic_store_explicit(counter, sum, memory_order_relaxed);
    return sum;
}

bool vcpus_setup(const struct options *o, unsigned max)
{
    clock_insns = o->clock_insns;
    epoch_insns = o->epoch_insns;
    began_ns = monotonic_ns();
    n_vcpus = max;
    vcpus = aligned_alloc(sizeof *vcpus, max * sizeof *vcpus);
    for (unsigned i = 0; vcpus && i < max; i++)
        vcpus[i] = (struct vcpu){ 0 };
    return vcpus != NULL;
}

uint64_t session_time(int vcpu)
{
    if (!clock_insns)
        return monotonic_ns() - began_ns;
    uint64_t total = atomic_load(&total_insns);
    return vcpu < 0 ? total : total + load(&vcpus[vcpu].insns) - vcpus[vcpu].published;
}

static void end_epochs(uint64_t total)
{
    out_lock();
    if (total / epoch_insns >= epoch_now()) {
        epoch_set((uint32_t)(total / epoch_insns) + 1);
        line_begin(session_time(-1), -1, "epoch");
        field_number("e", epoch_now());
        field_totals();
        line_end();
    }
    out_unlock();
}

void count_insns(unsigned c, uint64_t insns)
{
    struct vcpu *v = &vcpus[c];
    uint64_t mine = add(&v->insns, insns), fresh = mine - v->published;

    if (fresh < PUBLISH_INSNS)
        return;
    v->published = mine;
    uint64_t total = atomic_fetch_add(&total_insns, fresh) + fresh;
    if (total / epoch_insns >= epoch_now())
        end_epochs(total);
}

/* The count of instructions changes with each block, so it names one execution. */
void note_locked_load(unsigned c, uint64_t rip)
{
    vcpus[c].locked_rip = rip;
    vcpus[c].locked_insns = load(&vcpus[c].insns);
}

bool saw_locked_load(unsigned c, uint64_t rip)
{
    return vcpus[c].locked_rip == rip && vcpus[c].locked_insns == load(&vcpus[c].insns);
}

void count_mmio(unsigned c) { add(&vcpus[c].mmio, 1); }
void count_unmapped(unsigned c) { add(&vcpus[c].unmapped, 1); }

void field_totals(void)
{
    uint64_t insns = 0, mmio = 0, unmapped = 0;

    for (const struct vcpu *v = vcpus; v < vcpus + n_vcpus; v++) {
        insns += load(&v->insns);
        mmio += load(&v->mmio);
        unmapped += load(&v->unmapped);
    }
    field_number("insns", insns);
    field_number("mmio", mmio);
    field_number("unmapped", unmapped);
}
