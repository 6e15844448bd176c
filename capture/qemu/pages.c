#include "pages.h"

#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>

const char *const mode_names[N_MODES] = { "preread", "prewrite", "write", "preexec" };

struct page {
    _Atomic uint32_t last[N_MODES]; /* epoch of the last notification, 0: none yet */
};

static struct page *pages; /* [GFN_LIMIT] */
static uint8_t *tracked;   /* [GFN_LIMIT], a bit per mode; NULL: everything */
static unsigned modes; /* all that some page is tracked in */
static bool rearm;
static _Atomic uint32_t epoch = 1;

static void *reserve(size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

bool pages_setup(const struct options *o)
{
    rearm = o->rearm;
    pages = reserve(GFN_LIMIT * sizeof *pages);
    if (!pages)
        return false;
    if (!o->n_ranges) {
        modes = (1u << N_MODES) - 1;
        return true;
    }
    tracked = reserve(GFN_LIMIT);
    if (!tracked)
        return false;
    for (const struct track_range *r = o->ranges; r < o->ranges + o->n_ranges; r++) {
        modes |= r->modes;
        for (uint64_t gfn = r->lo >> PAGE_SHIFT; gfn <= r->hi >> PAGE_SHIFT; gfn++)
            tracked[gfn] |= (uint8_t)r->modes;
    }
    return true;
}

bool mode_tracked(enum mode m) { return modes >> m & 1; }

bool page_armed(uint64_t gpa, enum mode m)
{
    uint64_t gfn = gpa >> PAGE_SHIFT;

    if (gfn >= GFN_LIMIT || (tracked && !(tracked[gfn] >> m & 1)))
        return false;
    return !rearm || atomic_load_explicit(&pages[gfn].last[m], memory_order_relaxed) != epoch_now();
}

bool page_take(uint64_t gpa, enum mode m)
{
    if (!page_armed(gpa, m)) /* another vCPU was faster, or the epoch has ended meanwhile */
        return false;
    if (rearm)
        atomic_store_explicit(&pages[gpa >> PAGE_SHIFT].last[m], epoch_now(), memory_order_relaxed);
    return true;
}

uint32_t epoch_now(void) { return atomic_load_explicit(&epoch, memory_order_relaxed); }
void epoch_set(uint32_t e) { atomic_store_explicit(&epoch, e, memory_order_relaxed); }
