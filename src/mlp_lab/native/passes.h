// The forward and the backward pass over rows of one network; network/backprop.py has the formulas.
#pragma once

#include <memory>

#include "embeddings.h"
#include "functions.h"
#include "layout.h"
#include "products.h"

// Room for up to `rows` rows. Hidden units h lie apart from f where a slope needs both, and what
// the next layer reads apart from h where units are dropped.
template <class T> class Passes {
  public:
    T *x; // (rows, inputs), to be filled before `forward`
    T *last, *d_last; // f of the last layer and dL/df, (rows, width of the last layer)

    Passes(const Networks &networks, const Layout<T> &layout, int member, int rows, const Training *by)
        : of(networks), layout(layout), by(by), member(member), depth(networks.layers) {
        if (of.embedding) embedding = std::make_unique<EmbeddingPasses<T>>(*of.embedding, layout, member, of.inputs, rows);
        const size_t read = layout.weight(0).rows, count = rows;
        std::vector<size_t> sizes = {count * of.inputs, of.embedding ? count * read : 0};
        sizes.push_back(by ? size_t(layout.widest) * layout.widest : 0);
        sizes.push_back(by && of.embedding ? count * padded<T>(int(read)) : 0);
        for (int k = 0; k < depth; ++k) {
            const bool hidden = k + 1 < depth;
            const size_t numbers = count * layout.width(k);
            sizes.push_back(numbers);
            sizes.push_back(hidden && slope_needs_f(of.activations[k]) ? numbers : 0);
            sizes.push_back(hidden && masked() ? numbers : 0);
            sizes.push_back(by ? numbers : 0);
        }
        size_t total = 0;
        for (size_t size : sizes) total += Arena<T>::rounded(size);
        room.reserve(total);
        std::vector<T *> places;
        total = 0;
        for (size_t size : sizes) places.push_back(room.at(total)), total += Arena<T>::rounded(size);
        x = places[0], e = of.embedding ? places[1] : x, transposed = places[2], d_e = places[3];
        for (int k = 0; k < depth; ++k) {
            T *const *own = places.data() + 4 + 4 * k;
            const bool hidden = k + 1 < depth;
            f.push_back(own[0]);
            h.push_back(hidden && slope_needs_f(of.activations[k]) ? own[1] : f[k]);
            given.push_back(hidden && masked() ? own[2] : h[k]);
            d.push_back(own[3]);
        }
        last = f[depth - 1], d_last = d[depth - 1];
    }

    // Fill f, h and what each layer reads, from x and parameters p; in a step of a training, or in none.
    void forward(const T *p, int rows, int64_t step) {
        if (embedding) embedding->forward(p, x, e, rows, layout.weight(0).rows);
        for (int k = 0; k < depth; ++k) {
            const Block &weight = layout.weight(k);
            product<T>(rows, weight.width, weight.rows, read(k), row_of(k), 1, p + weight.begin, f[k], p + layout.bias(k).begin);
            if (k + 1 == depth) break;
            activate<T>(of.activations[k], f[k], h[k], long(rows) * weight.width);
            if (masked()) mask(k, step, rows, h[k], given[k]);
        }
    }

    // To be called whenever p has changed.
    void begin(const T *p) { if (embedding) embedding->begin(p); }

    // From d_last to the gradients g, laid out as the parameters are.
    void backward(const T *p, T *g, int rows, int64_t step) {
        for (int k = depth - 1; k >= 0; --k) {
            const Block &weight = layout.weight(k);
            product<T>(weight.rows, weight.width, rows, read(k), 1, row_of(k), d[k], g + weight.begin, nullptr);
            column_sums<T>(rows, weight.width, d[k], g + layout.bias(k).begin);
            if (k == 0 && !embedding) return;
            const int width = padded<T>(weight.rows);
            T *d_read = k ? d[k - 1] : d_e;
            transpose<T>(weight.rows, weight.columns, p + weight.begin, weight.width, transposed, width);
            product<T>(rows, width, weight.columns, d[k], weight.width, 1, transposed, d_read, nullptr);
            if (k == 0) return embedding->backward(p, g, x, d_e, rows, width);
            if (masked()) mask(k - 1, step, rows, d_read, d_read);
            times_slope<T>(of.activations[k - 1], f[k - 1], h[k - 1], d_read, long(rows) * width);
        }
    }

  private:
    const Networks &of;
    const Layout<T> &layout;
    const Training *by; // null where nothing is trained
    const int member, depth;
    std::unique_ptr<EmbeddingPasses<T>> embedding;
    Arena<T> room;
    T *e, *transposed, *d_e;
    std::vector<T *> f, h, given, d; // of each layer

    bool masked() const { return by && by->masks; }
    const T *read(int layer) const { return layer ? given[layer - 1] : e; }
    int row_of(int layer) const { return layer ? layout.width(layer - 1) : layout.weight(0).rows; }

    // to <- from * mask, for the units that the member has; `to` may be `from`.
    void mask(int layer, int64_t step, int rows, const T *from, T *to) const {
        const int64_t *stride = by->mask_strides + 3 * layer;
        const T *factors = static_cast<const T *>(by->masks[layer]) + member * stride[0] + (step - by->first) * stride[1];
        const int units = layout.weight(layer).columns, width = layout.width(layer);
        for (int b = 0; b < rows; ++b) {
            const T *factor = factors + b * stride[2];
#pragma GCC ivdep
            for (int i = 0; i < units; ++i) to[b * width + i] = from[b * width + i] * factor[i];
        }
    }
};
