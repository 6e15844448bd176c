/* Hooks into the blocks that QEMU translates. */
#ifndef PAGETRACK_BLOCKS_H
#define PAGETRACK_BLOCKS_H

#include "plugin-api.h"

/* Registers the callbacks of a new block. */
void on_translate(plugin_id id, struct qemu_plugin_tb *tb);

/* QEMU dropped all blocks, with every vCPU stopped: their data can go. */
void on_blocks_dropped(plugin_id id);

#endif
