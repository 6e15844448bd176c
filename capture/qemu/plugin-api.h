/*
 * The part of QEMU's TCG plugin interface, version 1, that the plugin uses.
 * Declared here so that building needs no QEMU package; every handle is opaque
 * and nothing depends on QEMU's inner layouts.  QEMU 6.0 to 8.2 serve version 1.
 */
#ifndef PAGETRACK_PLUGIN_API_H
#define PAGETRACK_PLUGIN_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLUGIN_API_VERSION 1
#define PLUGIN_EXPORT __attribute__((visibility("default")))

typedef uint64_t plugin_id;
typedef uint32_t plugin_meminfo; /* size and direction of one access */
struct qemu_plugin_tb;           /* a block; valid inside its translation callback only */
struct qemu_plugin_insn;         /* likewise */
struct qemu_plugin_hwaddr;       /* of this thread; valid inside its memory callback only */

struct plugin_info {
    const char *target_name;
    struct { int min, cur; } version;
    bool system_emulation;
    struct { int smp_vcpus, max_vcpus; } system;
};

enum plugin_regs { PLUGIN_NO_REGS };
enum plugin_rw { PLUGIN_MEM_RW = 3 };

typedef void (*plugin_simple_cb)(plugin_id id);
typedef void (*plugin_data_cb)(plugin_id id, void *data);
typedef void (*plugin_vcpu_cb)(plugin_id id, unsigned vcpu);
typedef void (*plugin_translate_cb)(plugin_id id, struct qemu_plugin_tb *tb);
typedef void (*plugin_exec_cb)(unsigned vcpu, void *data);
typedef void (*plugin_mem_cb)(unsigned vcpu, plugin_meminfo info, uint64_t vaddr, void *data);

void qemu_plugin_register_vcpu_init_cb(plugin_id id, plugin_vcpu_cb cb);
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, plugin_translate_cb cb);
void qemu_plugin_register_flush_cb(plugin_id id, plugin_simple_cb cb);
void qemu_plugin_register_atexit_cb(plugin_id id, plugin_data_cb cb, void *data);

/* Inside the translation callback. */
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *insn); /* a pointer of the host, or NULL */
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, plugin_exec_cb cb,
                                          enum plugin_regs regs, void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, plugin_exec_cb cb,
                                            enum plugin_regs regs, void *data);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, plugin_mem_cb cb,
                                      enum plugin_regs regs, enum plugin_rw rw, void *data);

/* Inside the memory callback. */
unsigned qemu_plugin_mem_size_shift(plugin_meminfo info); /* log2 of the bytes */
bool qemu_plugin_mem_is_store(plugin_meminfo info);
struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(plugin_meminfo info, uint64_t vaddr);
bool qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *addr);
uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *addr); /* layout.h: no gpa */

#endif
