// What embeds the inputs of one network; network/embeddings.py has the formulas. A row in bin t has
// P = 1 before t and 0 behind it, so that sums over bins take the place of products with P.
#pragma once

#include "functions.h"
#include "interface.h"
#include "layout.h"
#include "products.h"

// sin(2 pi x) and cos(2 pi x) by their series within an eighth of a turn.
template <class T> inline void of_turns(T x, T &sine, T &cosine) {
    const T quarters = (x * 4 + Exponent<T>::rounder) - Exponent<T>::rounder;
    const T angle = (x - quarters * T(0.25)) * T(6.28318530717958647692), square = angle * angle;
    constexpr int terms = sizeof(T) == 4 ? 5 : 9;
    T s = T(1 / factorial(2 * terms + 1)), c = T(1 / factorial(2 * terms));
#pragma GCC unroll 10
    for (int k = terms - 1; k >= 0; --k) {
        s = T(1 / factorial(2 * k + 1)) - s * square;
        c = T(1 / factorial(2 * k)) - c * square;
    }
    s *= angle;
    const T rest = quarters - 4 * std::floor(quarters * T(0.25)); // 0, 1, 2 or 3
    const bool turned = rest == 1 || rest == 3;
    const T one = turned ? c : s, other = turned ? s : c;
    sine = rest >= 2 ? -one : one;
    cosine = (rest == 1 || rest == 2) ? -other : other;
}

// Where a number lies among ascending knots: the last bin that begins at or before it, and its
// place in it. A number beyond the last knot lies in none: all bins are before it.
template <class T> struct Place {
    int bin;
    T fraction;

    Place(const T *knots, int bins, T x) {
        int first = 0, count = bins + 1; // the number of knots that are at most x
        while (count > 0) {
            const int half = count / 2;
            const bool right = knots[first + half] <= x;
            first = right ? first + half + 1 : first;
            count = right ? count - half - 1 : half;
        }
        bin = std::max(first - 1, 0);
        const T inside = bin < bins ? (x - knots[bin]) / (knots[bin + 1] - knots[bin]) : T(0);
        fraction = inside < 0 ? T(0) : inside;
    }
};

// The forward and the backward pass over up to `rows` rows of one member's inputs.
template <class T> class EmbeddingPasses {
  public:
    EmbeddingPasses(const Embedding &plan, const Layout<T> &layout, int member, int inputs, int rows)
        : of(plan), inputs(inputs), at(0) {
        if (of.bins) {
            knots = static_cast<const T *>(of.knots) + size_t(member) * of.numbers * (of.bins + 1);
            piecewise = at;
            at += 2;
            steps = &layout.embedded(piecewise);
            size_t numbers = size_t(of.numbers) * (of.bins + 1) * steps->width;
            sums.reserve(Arena<T>::rounded(numbers));
            parts.reserve(Arena<T>::rounded(size_t(of.bins + 1) * steps->width));
            places.reserve(size_t(rows) * of.numbers);
        }
        if (of.frequencies) {
            periodic = at;
            at += 3;
            weight = &layout.embedded(periodic + 1);
            const size_t waves = size_t(rows) * of.numbers * 2 * of.frequencies;
            features.reserve(Arena<T>::rounded(waves));
            d_features.reserve(Arena<T>::rounded(size_t(rows) * padded<T>(2 * of.frequencies)));
            turned.reserve(Arena<T>::rounded(size_t(weight->width) * padded<T>(2 * of.frequencies)));
            before.reserve(Arena<T>::rounded(size_t(rows) * of.numbers * weight->width));
            d_before.reserve(Arena<T>::rounded(size_t(rows) * weight->width));
        }
        this->layout = &layout;
    }

    // Prepare for weights that have changed: v summed over the bins before each, of every column.
    void begin(const T *p) {
        if (!of.bins) return;
        const int width = steps->width;
        T *sum = sums.at(0);
        const T *v = p + steps->begin;
        for (int column = 0; column < of.numbers; ++column) {
            const T *own = knots + column * (of.bins + 1);
            std::fill(sum, sum + width, T(0));
            v += width; // w
            for (int bin = 0; bin < of.bins; ++bin, sum += width, v += width) {
                const T counts = own[bin + 1] > own[bin] ? T(1) : T(0);
                for (int i = 0; i < width; ++i) sum[width + i] = sum[i] + counts * v[i];
            }
            sum += width;
        }
    }

    // e, (rows, outputs), of x, (rows, inputs).
    void forward(const T *p, const T *x, T *e, int rows, int outputs) {
        T *to = e;
        for (int b = 0; b < rows; ++b)
            for (int i = 0; i < of.rest; ++i) to[size_t(b) * outputs + i] = x[size_t(b) * inputs + of.rest_inputs[i]];
        to += of.rest;
        if (of.bins) forward_piecewise(p, x, to, rows, outputs), to += of.numbers * of.size;
        if (of.frequencies) forward_periodic(p, x, to, rows, outputs), to += of.numbers * of.size;
        for (int i = 0; i < of.categories; ++i, to += of.category_size) forward_category(i, p, x, to, rows, outputs);
    }

    // From d = dL/de, whose rows have `width` numbers, to the gradients of all that embeds.
    void backward(const T *p, T *g, const T *x, const T *d, int rows, int width) {
        const T *from = d + of.rest;
        if (of.bins) backward_piecewise(g, x, from, rows, width), from += of.numbers * of.size;
        if (of.frequencies) backward_periodic(p, g, x, from, rows, width), from += of.numbers * of.size;
        for (int i = 0; i < of.categories; ++i, from += of.category_size) backward_category(i, g, x, from, rows, width);
    }

  private:
    const Embedding &of;
    const Layout<T> *layout;
    int inputs, at, piecewise = 0, periodic = 0;
    const T *knots = nullptr;
    const Block *steps = nullptr, *weight = nullptr;
    Arena<T> sums, parts, features, d_features, turned, before, d_before;
    std::vector<Place<T>> places; // of each row and column

    T number(const T *x, int row, int column) const { return x[size_t(row) * inputs + of.number_inputs[column]]; }

    void forward_piecewise(const T *p, const T *x, T *e, int rows, int outputs) {
        const int width = steps->width, bins = of.bins, size = of.size;
        const T *bias = p + layout->embedded(piecewise + 1).begin;
        places.clear();
        for (int b = 0; b < rows; ++b) {
            for (int column = 0; column < of.numbers; ++column) {
                const T one = number(x, b, column);
                const Place<T> place(knots + column * (bins + 1), bins, one);
                places.push_back(place);
                const size_t first = size_t(column) * (bins + 1);
                const T *w = p + steps->begin + first * width, *sum = sums.at(0) + (first + place.bin) * width;
                const T *v = w + (place.bin < bins ? place.bin + 1 : bins) * width, *own = bias + column * width;
                T *to = e + size_t(b) * outputs + column * size;
                for (int i = 0; i < size; ++i) to[i] = own[i] + one * w[i] + sum[i] + place.fraction * v[i];
            }
        }
    }

    void backward_piecewise(T *g, const T *x, const T *d, int rows, int d_width) {
        const int width = steps->width, bins = of.bins, size = of.size;
        const size_t numbers = size_t(bins + 1) * width;
        T *whole = parts.at(0); // of the rows in each bin: what every bin before it adds
        for (int column = 0; column < of.numbers; ++column) {
            T *w = g + steps->begin + column * numbers, *bias = g + layout->embedded(piecewise + 1).begin + column * width;
            std::fill(whole, whole + numbers, T(0));
            std::fill(w, w + numbers, T(0));
            std::fill(bias, bias + width, T(0));
            for (int b = 0; b < rows; ++b) {
                const T one = number(x, b, column);
                const Place<T> &place = places[size_t(b) * of.numbers + column];
                const T *from = d + size_t(b) * d_width + column * size;
                T *rest = whole + place.bin * width;
                T *part = w + (place.bin < bins ? place.bin + 1 : bins) * width;
                for (int i = 0; i < size; ++i) {
                    bias[i] += from[i];
                    w[i] += one * from[i];
                    rest[i] += from[i];
                    part[i] += place.fraction * from[i];
                }
            }
            const T *own = knots + column * (bins + 1);
            for (int bin = bins - 1; bin >= 0; --bin) {
                T *v = w + (bin + 1) * width, *later = whole + (bin + 1) * width, *here = whole + bin * width;
                const T counts = own[bin + 1] > own[bin] ? T(1) : T(0);
                for (int i = 0; i < width; ++i) v[i] = counts * (v[i] + later[i]), here[i] += later[i];
            }
        }
    }

    void forward_periodic(const T *p, const T *x, T *e, int rows, int outputs) {
        const int n = of.frequencies, width = weight->width, size = of.size;
        const Block &frequency = layout->embedded(periodic), &bias = layout->embedded(periodic + 2);
        for (int column = 0; column < of.numbers; ++column) {
            const T *phi = p + frequency.begin + column * frequency.width;
            T *waves = features.at(0) + size_t(column) * rows * 2 * n, *f = before.at(0) + size_t(column) * rows * width;
            for (int b = 0; b < rows; ++b) {
                const T one = number(x, b, column);
                T *cosine = waves + size_t(b) * 2 * n, *sine = cosine + n;
                for (int i = 0; i < n; ++i) of_turns(one * phi[i], sine[i], cosine[i]);
            }
            const T *own = p + weight->begin + size_t(column) * 2 * n * width;
            product<T>(rows, width, 2 * n, waves, 2 * n, 1, own, f, p + bias.begin + column * width);
            for (int b = 0; b < rows; ++b)
                for (int i = 0; i < size; ++i) {
                    const T one = f[size_t(b) * width + i];
                    e[size_t(b) * outputs + column * size + i] = one < 0 ? T(0) : one;
                }
        }
    }

    void backward_periodic(const T *p, T *g, const T *x, const T *d, int rows, int d_width) {
        const int n = of.frequencies, width = weight->width, size = of.size, wide = padded<T>(2 * n);
        const Block &frequency = layout->embedded(periodic), &bias = layout->embedded(periodic + 2);
        T *d_f = d_before.at(0), *d_waves = d_features.at(0), *transposed = turned.at(0);
        for (int column = 0; column < of.numbers; ++column) {
            const T *waves = features.at(0) + size_t(column) * rows * 2 * n, *f = before.at(0) + size_t(column) * rows * width;
            for (int b = 0; b < rows; ++b)
                for (int i = 0; i < size; ++i)
                    d_f[size_t(b) * width + i] = f[size_t(b) * width + i] > 0 ? d[size_t(b) * d_width + column * size + i] : T(0);
            const size_t first = size_t(column) * 2 * n * width;
            product<T>(2 * n, width, rows, waves, 1, 2 * n, d_f, g + weight->begin + first, nullptr);
            column_sums(rows, width, d_f, g + bias.begin + column * width);
            transpose<T>(2 * n, size, p + weight->begin + first, width, transposed, wide);
            product<T>(rows, wide, size, d_f, width, 1, transposed, d_waves, nullptr);
            T *d_phi = g + frequency.begin + column * frequency.width;
            std::fill(d_phi, d_phi + frequency.width, T(0));
            for (int b = 0; b < rows; ++b) {
                const T one = number(x, b, column) * T(6.28318530717958647692);
                const T *cosine = waves + size_t(b) * 2 * n, *sine = cosine + n;
                const T *d_cosine = d_waves + size_t(b) * wide, *d_sine = d_cosine + n;
                for (int i = 0; i < n; ++i) d_phi[i] += one * (d_sine[i] * cosine[i] - d_cosine[i] * sine[i]);
            }
        }
    }

    const Block &table(int category) const { return layout->embedded(at + category); }

    void forward_category(int category, const T *p, const T *x, T *e, int rows, int outputs) const {
        const Block &own = table(category);
        for (int b = 0; b < rows; ++b) {
            T *to = e + size_t(b) * outputs;
            const T *levels = x + size_t(b) * inputs + of.bounds[2 * category];
            std::fill(to, to + own.columns, T(0));
            for (int level = 0; level < own.rows; ++level) { // of which one is 1 as a rule
                if (levels[level] == 0) continue;
                const T *from = p + own.begin + size_t(level) * own.width;
                for (int i = 0; i < own.columns; ++i) to[i] += levels[level] * from[i];
            }
        }
    }

    void backward_category(int category, T *g, const T *x, const T *d, int rows, int width) const {
        const Block &own = table(category);
        std::fill(g + own.begin, g + own.begin + size_t(own.rows) * own.width, T(0));
        for (int b = 0; b < rows; ++b) {
            const T *levels = x + size_t(b) * inputs + of.bounds[2 * category], *from = d + size_t(b) * width;
            for (int level = 0; level < own.rows; ++level) {
                if (levels[level] == 0) continue;
                T *to = g + own.begin + size_t(level) * own.width;
                for (int i = 0; i < own.columns; ++i) to[i] += levels[level] * from[i];
            }
        }
    }
};
