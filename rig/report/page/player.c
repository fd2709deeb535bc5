/* What a model plays, 64 frames at a time: the inner loops of rig/report/page/engine.js.

   'make player' compiles this to player.wasm. What knobs come to is worked out in engine.js; here
   is only what every frame needs. As in models/networks/moving.py, each layer holds the difference
   from where it stands at silence, and what knobs move goes on straight lines.

   Audio is planar: each channel has a line of its own, on which the past lies in front of the
   block. Four frames are worked on at once, four channels side by side. */

#include <wasm_simd128.h>

#define BLOCK 64
#define MOST_LAYERS 64
#define MOST_ARRAYS 4
#define MOST_CHANNELS 32
#define MOST_UNITS 512
#define EXPORT(name) __attribute__((export_name(name)))

typedef v128_t four;

static unsigned char *heap_end;
extern unsigned char __heap_base;

/* Memory is only ever asked for, and all of it goes with the instance. */
EXPORT("alloc") float *alloc(int floats) {
    if (!heap_end) heap_end = (unsigned char *)(((unsigned long)&__heap_base + 15) & ~15ul);
    unsigned char *here = heap_end;
    heap_end += ((unsigned long)floats * 4 + 15) & ~15ul;
    unsigned long have = __builtin_wasm_memory_size(0) * 65536ul;
    if ((unsigned long)heap_end > have) {
        unsigned long pages = ((unsigned long)heap_end - have + 65535ul) / 65536ul;
        if (__builtin_wasm_memory_grow(0, pages) == (unsigned long)-1) __builtin_trap();
    }
    return (float *)here;
}

/* A ratio of polynomials, fitted by tools/make_player.py: off by less than 4e-7 of the value. */
#include "tanh.h"

static inline four hyperbolic(four x) {
    x = wasm_f32x4_pmin(wasm_f32x4_pmax(x, wasm_f32x4_splat(-TANH_END)), wasm_f32x4_splat(TANH_END));
    four square = wasm_f32x4_mul(x, x);
    four above = wasm_f32x4_splat(TANH_ABOVE[TANH_UP]);
    for (int i = TANH_UP - 1; i >= 0; i--)
        above = wasm_f32x4_add(wasm_f32x4_mul(above, square), wasm_f32x4_splat(TANH_ABOVE[i]));
    four below = wasm_f32x4_splat(TANH_BELOW[TANH_DOWN]);
    for (int i = TANH_DOWN - 1; i >= 0; i--)
        below = wasm_f32x4_add(wasm_f32x4_mul(below, square), wasm_f32x4_splat(TANH_BELOW[i]));
    return wasm_f32x4_div(wasm_f32x4_mul(x, above), below);
}

static inline four activated(four x, int is_tanh, float slope) {
    if (is_tanh) return hyperbolic(x);
    four negative = wasm_f32x4_mul(x, wasm_f32x4_splat(slope));
    return wasm_v128_bitselect(x, negative, wasm_f32x4_gt(x, wasm_f32x4_splat(0.0f)));
}

/* A line for each channel: `history` frames of the past, the block, and room to move on. */
typedef struct {
    float *frames;
    int history, length, at;
} Line;

static void make_line(Line *line, int channels, int history) {
    line->history = history;
    line->length = history + BLOCK * (8 + history / BLOCK);
    line->at = history;
    line->frames = alloc(channels * line->length);
    for (int i = 0; i < channels * line->length; i++) line->frames[i] = 0.0f;
}

/* Go on by a block; at the end of the line the past is carried back to its beginning. */
static void go_on(Line *line, int channels) {
    line->at += BLOCK;
    if (line->at + BLOCK <= line->length) return;
    for (int c = 0; c < channels; c++) {
        float *own = line->frames + c * line->length;
        __builtin_memmove(own, own + line->at - line->history, line->history * 4ul);
    }
    line->at = line->history;
}

typedef struct {
    int channels, kernel, dilation, array;
    /* Of each group of four outputs: by tap, by input, by output. */
    const float *conv, *layer1x1;
    Line line;
} Layer;

typedef struct {
    int channels, head_size, head_kernel, is_tanh, first, layers;
    float slope;
    const float *rechannel, *head;
    Line total;
} Array;

static Layer layers[MOST_LAYERS];
static Array arrays[MOST_ARRAYS];
static int layer_count, array_count;
/* What knobs move, now and at the end of the block: see `offsets` in engine.js. */
static float *now, *then;
static float hidden[MOST_CHANNELS][BLOCK], passed[MOST_CHANNELS][BLOCK];
static float input[BLOCK], output[BLOCK];
static float share[BLOCK];

static int padded(int channels) { return (channels + 3) & ~3; }

EXPORT("input") float *the_input(void) { return input; }
EXPORT("output") float *the_output(void) { return output; }
EXPORT("now") float *the_present(void) { return now; }
EXPORT("then") float *the_end(void) { return then; }

EXPORT("begin") void begin(int moved) {
    layer_count = array_count = 0;
    now = alloc(moved);
    then = alloc(moved);
    for (int i = 0; i < BLOCK; i++) share[i] = (float)i / BLOCK;
}

EXPORT("add_array")
void add_array(int channels, int head_size, int head_kernel, int is_tanh, float slope,
               const float *rechannel, const float *head) {
    Array *array = &arrays[array_count++];
    array->channels = channels, array->head_size = head_size, array->head_kernel = head_kernel;
    array->is_tanh = is_tanh, array->slope = slope;
    array->rechannel = rechannel, array->head = head;
    array->first = layer_count, array->layers = 0;
    make_line(&array->total, padded(channels), head_kernel - 1);
}

EXPORT("add_layer")
void add_layer(int kernel, int dilation, const float *conv, const float *layer1x1) {
    Array *array = &arrays[array_count - 1];
    Layer *layer = &layers[layer_count++];
    layer->channels = array->channels, layer->kernel = kernel, layer->dilation = dilation;
    layer->conv = conv, layer->layer1x1 = layer1x1, layer->array = array_count - 1;
    array->layers++;
    make_line(&layer->line, padded(array->channels), (kernel - 1) * dilation);
}

/* Four outputs, eight frames: every weight and every frame is read once for several products. */
typedef struct { four even[4], odd[4]; } Sums;

static inline void add_products(Sums *sums, const float *weights, const float *from, int stride,
                                int inputs) {
    for (int i = 0; i < inputs; i++, weights += 4, from += stride) {
        four first = wasm_v128_load(from), second = wasm_v128_load(from + 4);
        for (int o = 0; o < 4; o++) {
            four weight = wasm_v128_load32_splat(weights + o);
            sums->even[o] = wasm_f32x4_add(sums->even[o], wasm_f32x4_mul(weight, first));
            sums->odd[o] = wasm_f32x4_add(sums->odd[o], wasm_f32x4_mul(weight, second));
        }
    }
}

static inline four on_line(const float *place, int at, int is_moving) {
    four value = wasm_v128_load32_splat(now + (place - now));
    if (!is_moving) return value;
    four end = wasm_v128_load32_splat(then + (place - now));
    four part = wasm_v128_load(share + at);
    return wasm_f32x4_add(value, wasm_f32x4_mul(wasm_f32x4_sub(end, value), part));
}

/* What a channel makes of four frames; `moved` has its scale, mixer, rest and settled value. */
static inline four sounded(four sum, const float *moved, int width, int at, int is_moving,
                           const Array *array) {
    four rest = on_line(moved + 2 * width, at, is_moving);
    four heard = wasm_f32x4_mul(on_line(moved + width, at, is_moving), wasm_v128_load(input + at));
    four argument = wasm_f32x4_mul(sum, on_line(moved, at, is_moving));
    argument = wasm_f32x4_add(wasm_f32x4_add(argument, rest), heard);
    four settled = is_moving ? activated(rest, array->is_tanh, array->slope)
                             : wasm_v128_load32_splat(moved + 3 * width);
    return wasm_f32x4_sub(activated(argument, array->is_tanh, array->slope), settled);
}

static void run_layer(Layer *layer, const float *moved, int is_moving, int is_last) {
    const Array *array = &arrays[layer->array];
    int channels = layer->channels, width = padded(channels);
    Line *line = &layer->line;
    const Line *total = &array->total;
    const float *conv = layer->conv;
    for (int group = 0; group < width; group += 4, conv += 4 * channels * layer->kernel)
        for (int at = 0; at < BLOCK; at += 8) {
            Sums sums = {0};
            for (int k = 0; k < layer->kernel; k++) {
                int late = (layer->kernel - 1 - k) * layer->dilation;
                add_products(&sums, conv + 4 * channels * k, line->frames + line->at - late + at,
                             line->length, channels);
            }
            for (int o = 0; o < 4; o++) {
                int c = group + o;
                four first = sounded(sums.even[o], moved + c, width, at, is_moving, array);
                four second = sounded(sums.odd[o], moved + c, width, at + 4, is_moving, array);
                wasm_v128_store(hidden[c] + at, first);
                wasm_v128_store(hidden[c] + at + 4, second);
                float *sum = total->frames + c * total->length + total->at + at;
                wasm_v128_store(sum, wasm_f32x4_add(wasm_v128_load(sum), first));
                wasm_v128_store(sum + 4, wasm_f32x4_add(wasm_v128_load(sum + 4), second));
            }
        }
    /* The next array reads what the last layer passes on; behind the last one nobody does. */
    Line *next = is_last ? 0 : &(layer + 1)->line;
    if (is_last && layer->array == array_count - 1) { go_on(line, width); return; }
    const float *weights = layer->layer1x1;
    for (int group = 0; group < width; group += 4, weights += 4 * channels)
        for (int at = 0; at < BLOCK; at += 8) {
            Sums sums = {0};
            add_products(&sums, weights, hidden[0] + at, BLOCK, channels);
            for (int o = 0; o < 4; o++) {
                int c = group + o;
                const float *from = line->frames + c * line->length + line->at + at;
                float *to = next ? next->frames + c * next->length + next->at + at : passed[c] + at;
                wasm_v128_store(to, wasm_f32x4_add(wasm_v128_load(from), sums.even[o]));
                wasm_v128_store(to + 4, wasm_f32x4_add(wasm_v128_load(from + 4), sums.odd[o]));
            }
        }
    go_on(line, width);
}

/* Enter an array: the audio by the first rechannel, which drive moves, or the array before it. */
static void enter(int index, const float *moved, int is_moving) {
    const Array *array = &arrays[index];
    Line *line = &layers[array->first].line;
    int width = padded(array->channels);
    const float *weights = array->rechannel;
    for (int group = 0; group < width; group += 4)
        for (int at = 0; at < BLOCK; at += 8) {
            Sums sums = {0};
            if (index)
                add_products(&sums, weights + group * arrays[index - 1].channels, passed[0] + at,
                             BLOCK, arrays[index - 1].channels);
            for (int o = 0; o < 4; o++) {
                float *to = line->frames + (group + o) * line->length + line->at + at;
                if (!index) {
                    four first = on_line(moved + group + o, at, is_moving);
                    four second = on_line(moved + group + o, at + 4, is_moving);
                    sums.even[o] = wasm_f32x4_mul(first, wasm_v128_load(input + at));
                    sums.odd[o] = wasm_f32x4_mul(second, wasm_v128_load(input + at + 4));
                }
                wasm_v128_store(to, sums.even[o]);
                wasm_v128_store(to + 4, sums.odd[o]);
            }
        }
}

/* Clear the sum that an array's layers add to, and carry over what the head before it has given. */
static void open_total(int index) {
    Array *array = &arrays[index];
    Line *total = &array->total;
    for (int c = 0; c < padded(array->channels); c++) {
        float *own = total->frames + c * total->length + total->at;
        for (int f = 0; f < BLOCK; f += 4)
            wasm_v128_store(own + f, index ? wasm_v128_load(passed[c] + f) : wasm_f32x4_splat(0));
    }
}

/* Read an array's head into `passed`. */
static void run_head(int index) {
    Array *array = &arrays[index];
    Line *total = &array->total;
    const float *weights = array->head;
    int outputs = padded(array->head_size);
    for (int group = 0; group < outputs; group += 4)
        for (int at = 0; at < BLOCK; at += 8) {
            Sums sums = {0};
            for (int k = 0; k < array->head_kernel; k++)
                add_products(&sums, weights + 4 * array->channels * (group / 4 * array->head_kernel + k),
                             total->frames + total->at - (array->head_kernel - 1 - k) + at,
                             total->length, array->channels);
            for (int o = 0; o < 4; o++) {
                wasm_v128_store(passed[group + o] + at, sums.even[o]);
                wasm_v128_store(passed[group + o] + at + 4, sums.odd[o]);
            }
        }
    go_on(total, padded(array->channels));
}

/* Play the block in `input`. Of `now`: level, pedestal, the first rechannel, then each layer's. */
EXPORT("wavenet") void wavenet(int is_moving) {
    const float *moved = now + 4;
    static float heads[MOST_CHANNELS][BLOCK];
    for (int index = 0; index < array_count; index++) {
        Array *array = &arrays[index];
        enter(index, now + 4, is_moving);
        if (index) {
            __builtin_memcpy(passed, heads, sizeof heads);
        } else {
            moved += padded(array->channels);
        }
        open_total(index);
        for (int l = 0; l < array->layers; l++) {
            run_layer(&layers[array->first + l], moved, is_moving, l == array->layers - 1);
            moved += 4 * padded(array->channels);
        }
        static float frames[MOST_CHANNELS][BLOCK];
        __builtin_memcpy(frames, passed, sizeof frames);
        run_head(index);
        __builtin_memcpy(heads, passed, sizeof heads);
        __builtin_memcpy(passed, frames, sizeof frames);
    }
    for (int at = 0; at < BLOCK; at += 4) {
        four sum = wasm_f32x4_add(wasm_v128_load(heads[0] + at), on_line(now + 1, at, is_moving));
        wasm_v128_store(output + at, wasm_f32x4_mul(sum, on_line(now, at, is_moving)));
    }
}

/* The LSTM: gates one behind the other, each as wide as the units, made up to fours. */
typedef struct {
    int inputs, units;
    /* By input, then by gate and unit: what comes in, and what the units themselves gave before. */
    const float *into, *back, *bias;
    float *state, *cell;
} Cell;

static Cell cells[8];
static int cell_count;
static const float *head_weight;
static float gates[4 * MOST_UNITS], bias_now[4 * MOST_UNITS];

EXPORT("add_cell")
void add_cell(int inputs, int units, const float *into, const float *back, const float *bias) {
    Cell *cell = &cells[cell_count++];
    cell->inputs = inputs, cell->units = units;
    cell->into = into, cell->back = back, cell->bias = bias;
    cell->state = alloc(padded(units));
    cell->cell = alloc(padded(units));
    for (int u = 0; u < padded(units); u++) cell->state[u] = cell->cell[u] = 0.0f;
}

EXPORT("set_head") void set_head(const float *weight) { head_weight = weight; }
EXPORT("begin_cells") void begin_cells(void) { cell_count = 0; }

static inline four logistic(four x) {
    four half = wasm_f32x4_splat(0.5f);
    return wasm_f32x4_add(half, wasm_f32x4_mul(half, hyperbolic(wasm_f32x4_mul(half, x))));
}

static void add_column(const float *weights, float value, int width) {
    four factor = wasm_f32x4_splat(value);
    for (int g = 0; g < width; g += 4) {
        four sum = wasm_f32x4_add(wasm_v128_load(gates + g),
                                  wasm_f32x4_mul(factor, wasm_v128_load(weights + g)));
        wasm_v128_store(gates + g, sum);
    }
}

static void run_cell(Cell *cell, const float *heard, const float *bias) {
    int width = padded(cell->units);
    __builtin_memcpy(gates, bias, 16ul * width);
    for (int i = 0; i < cell->inputs; i++) add_column(cell->into + 4 * width * i, heard[i], 4 * width);
    for (int u = 0; u < cell->units; u++)
        add_column(cell->back + 4 * width * u, cell->state[u], 4 * width);
    for (int u = 0; u < width; u += 4) {
        four in = logistic(wasm_v128_load(gates + u));
        four keep = logistic(wasm_v128_load(gates + width + u));
        four candidate = hyperbolic(wasm_v128_load(gates + 2 * width + u));
        four out = logistic(wasm_v128_load(gates + 3 * width + u));
        four memory = wasm_f32x4_mul(keep, wasm_v128_load(cell->cell + u));
        memory = wasm_f32x4_add(memory, wasm_f32x4_mul(in, candidate));
        /* Nearly nothing is nothing: numbers below the smallest ordinary one are slow. */
        four is_there = wasm_f32x4_gt(wasm_f32x4_abs(memory), wasm_f32x4_splat(1e-25f));
        memory = wasm_v128_and(memory, is_there);
        wasm_v128_store(cell->cell + u, memory);
        wasm_v128_store(cell->state + u, wasm_f32x4_mul(out, hyperbolic(memory)));
    }
}

/* Play the block in `input`. Of `now`: level, head's bias, drive, nothing, the first bias. */
EXPORT("lstm") void lstm(int is_moving) {
    int width = padded(cells[0].units);
    for (int f = 0; f < BLOCK; f++) {
        float part = is_moving ? share[f] : 0.0f;
        for (int g = 0; g < 4 * width; g++)
            bias_now[g] = now[4 + g] + (then[4 + g] - now[4 + g]) * part;
        float heard = input[f] * (now[2] + (then[2] - now[2]) * part);
        run_cell(&cells[0], &heard, bias_now);
        for (int i = 1; i < cell_count; i++) run_cell(&cells[i], cells[i - 1].state, cells[i].bias);
        const Cell *last = &cells[cell_count - 1];
        float sum = now[1];
        for (int u = 0; u < last->units; u++) sum += head_weight[u] * last->state[u];
        output[f] = sum * (now[0] + (then[0] - now[0]) * part);
    }
}
