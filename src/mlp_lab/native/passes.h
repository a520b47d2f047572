// The forward and the backward pass over rows of one network; network/backprop.py has the formulas.
#pragma once

#include <memory>

#include "embeddings.h"
#include "functions.h"
#include "layout.h"
#include "normalisation.h"
#include "products.h"

// Room for up to `rows` rows. What an activation reads is f, or apart from it where it is normalised,
// when x takes the place of f. Hidden units h lie apart from that where a slope needs both, and what
// the next layer reads apart from h where units are dropped, or a residual layer adds what it reads.
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
        sizes.push_back(by && of.residual ? count * layout.widest : 0);
        sizes.push_back(of.normalisation == BATCH ? layout.widest : 0);
        for (int k = 0; k < depth; ++k) {
            const bool hidden = k + 1 < depth;
            const size_t numbers = count * layout.width(k);
            sizes.push_back(numbers);
            sizes.push_back(hidden && slope_needs_f(of.activations[k]) ? numbers : 0);
            sizes.push_back(hidden && (masked() || adds(k)) ? numbers : 0);
            sizes.push_back(by ? numbers : 0);
            sizes.push_back(hidden && of.normalisation ? numbers : 0);
            sizes.push_back(hidden && of.normalisation ? std::max(count, size_t(layout.width(k))) : 0);
        }
        size_t total = 0;
        for (size_t size : sizes) total += Arena<T>::rounded(size);
        room.reserve(total);
        std::vector<T *> places;
        total = 0;
        for (size_t size : sizes) places.push_back(room.at(total)), total += Arena<T>::rounded(size);
        x = places[0], e = of.embedding ? places[1] : x, transposed = places[2], d_e = places[3];
        carried = places[4], center = places[5];
        for (int k = 0; k < depth; ++k) {
            T *const *own = places.data() + 6 + 6 * k;
            const bool hidden = k + 1 < depth;
            f.push_back(own[0]);
            g.push_back(hidden && of.normalisation ? own[4] : f[k]);
            h.push_back(hidden && slope_needs_f(of.activations[k]) ? own[1] : g[k]);
            given.push_back(hidden && (masked() || adds(k)) ? own[2] : h[k]);
            d.push_back(own[3]);
            inverse.push_back(own[5]);
        }
        last = f[depth - 1], d_last = d[depth - 1];
    }

    // Fill f, h and what each layer reads, from x and parameters p, whose running averages move; in a
    // step of a training, or in none.
    void forward(T *p, int rows, int64_t step) {
        if (embedding) embedding->forward(p, x, e, rows, layout.weight(0).rows);
        for (int k = 0; k < depth; ++k) {
            const Block &weight = layout.weight(k);
            product<T>(rows, weight.width, weight.rows, read(k), row_of(k), 1, p + weight.begin, f[k], p + layout.bias(k).begin);
            if (k + 1 == depth) break;
            if (of.normalisation) normalise(k, p, rows);
            const long numbers = long(rows) * weight.width;
            activate<T>(of.activations[k], g[k], h[k], numbers);
            if (masked()) mask(k, step, rows, h[k], given[k]);
            if (adds(k)) add<T>(given[k - 1], masked() ? given[k] : h[k], given[k], numbers);
        }
    }

    // To be called whenever p has changed.
    void begin(const T *p) { if (embedding) embedding->begin(p); }

    // From d_last to the gradients g, laid out as the parameters are.
    void backward(const T *p, T *gradient, int rows, int64_t step) {
        for (int k = depth - 1; k >= 0; --k) {
            const Block &weight = layout.weight(k);
            product<T>(weight.rows, weight.width, rows, read(k), 1, row_of(k), d[k], gradient + weight.begin, nullptr);
            column_sums<T>(rows, weight.width, d[k], gradient + layout.bias(k).begin);
            if (k == 0 && !embedding) return;
            const int width = padded<T>(weight.rows);
            T *d_read = k ? d[k - 1] : d_e;
            transpose<T>(weight.rows, weight.columns, p + weight.begin, weight.width, transposed, width);
            product<T>(rows, width, weight.columns, d[k], weight.width, 1, transposed, d_read, nullptr);
            if (k == 0) return embedding->backward(p, gradient, x, d_e, rows, width);
            const long numbers = long(rows) * width;
            if (of.residual) carry(k - 1, d_read, numbers);
            if (masked()) mask(k - 1, step, rows, d_read, d_read);
            times_slope<T>(of.activations[k - 1], g[k - 1], h[k - 1], d_read, numbers);
            if (of.normalisation) normalise_back(k - 1, p, gradient, d_read, rows);
        }
    }

  private:
    const Networks &of;
    const Layout<T> &layout;
    const Training *by; // null where nothing is trained
    const int member, depth;
    std::unique_ptr<EmbeddingPasses<T>> embedding;
    Arena<T> room;
    T *e, *transposed, *d_e, *carried, *center;
    std::vector<T *> f, g, h, given, d, inverse; // of each layer

    bool adds(int layer) const { return of.residual && layer > 0 && layer + 1 < depth; }
    bool masked() const { return by && by->masks; }
    const T *read(int layer) const { return layer ? given[layer - 1] : e; }
    int row_of(int layer) const { return layer ? layout.width(layer - 1) : layout.weight(0).rows; }

    void normalise(int k, T *p, int rows) {
        const int width = layout.width(k);
        const T *gain = p + layout.gain(k, 0).begin, *shift = p + layout.gain(k, 1).begin;
        if (of.normalisation == LAYER) {
            layer_norm<T>(rows, layout.weight(k).columns, width, f[k], g[k], inverse[k], gain, shift);
        } else {
            T *mean = p + layout.running(k, 0).begin, *variance = p + layout.running(k, 1).begin;
            batch_norm<T>(rows, width, f[k], g[k], inverse[k], gain, shift, mean, variance, by, center);
        }
    }

    void normalise_back(int k, const T *p, T *gradient, T *d_f, int rows) {
        const int width = layout.width(k);
        const T *gain = p + layout.gain(k, 0).begin;
        T *d_gain = gradient + layout.gain(k, 0).begin, *d_shift = gradient + layout.gain(k, 1).begin;
        if (of.normalisation == LAYER)
            layer_norm_back<T>(rows, layout.weight(k).columns, width, f[k], d_f, inverse[k], gain, d_gain, d_shift);
        else
            batch_norm_back<T>(rows, width, f[k], d_f, inverse[k], gain, d_gain, d_shift);
    }

    // What a residual layer gives goes back to what it reads, too: d <- d + dL/d(what the next gives).
    void carry(int layer, T *d_given, long numbers) {
        if (layer + 2 < depth) add<T>(carried, d_given, d_given, numbers);
        if (layer > 0) std::memcpy(carried, d_given, numbers * sizeof(T));
    }

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
