// Normalisation of one hidden layer's pre-activations; network/normalisation.py has the formulas.
// Columns that pad a row are zeros, and stay zeros.
#pragma once

#include <cmath>

#include "layout.h"
#include "products.h"

template <class T> struct Epsilon { static constexpr T value = T(1e-5); };
template <class T> struct Momentum { static constexpr T value = T(0.1); }; // of running averages

// The sum of what `each` gives for whole vectors of numbers.
template <class T, class Each> inline T summed(int width, Each each) {
    T lanes[LANES<T>] = {};
    for (int i = 0; i < width; i += LANES<T>)
        for (int j = 0; j < LANES<T>; ++j) lanes[j] += each(i + j);
    T sum = 0;
    for (int j = 0; j < LANES<T>; ++j) sum += lanes[j];
    return sum;
}

// x <- (x - mean x) / sqrt(var x + eps) over the units of each row, and g = gain x + shift.
template <class T>
void layer_norm(int rows, int units, int width, T *x, T *g, T *inverse, const T *gain, const T *shift) {
    for (int b = 0; b < rows; ++b, x += width, g += width) {
        const T mean = summed<T>(width, [=](int i) { return x[i]; }) / units;
        for (int i = 0; i < units; ++i) x[i] -= mean;
        inverse[b] = 1 / std::sqrt(summed<T>(width, [=](int i) { return x[i] * x[i]; }) / units + Epsilon<T>::value);
#pragma GCC ivdep
        for (int i = 0; i < width; ++i) {
            x[i] *= inverse[b];
            g[i] = shift[i] + x[i] * gain[i];
        }
    }
}

// d_gain, d_shift, and d = dL/df in the place of dL/dg.
template <class T>
void layer_norm_back(int rows, int units, int width, const T *x, T *d, const T *inverse, const T *gain, T *d_gain, T *d_shift) {
    std::fill(d_gain, d_gain + width, T(0));
    std::fill(d_shift, d_shift + width, T(0));
    for (int b = 0; b < rows; ++b, x += width, d += width) {
#pragma GCC ivdep
        for (int i = 0; i < width; ++i) {
            d_gain[i] += d[i] * x[i];
            d_shift[i] += d[i];
            d[i] *= gain[i];
        }
        const T along = summed<T>(width, [=](int i) { return d[i] * x[i]; }) / units;
        const T mean = summed<T>(width, [=](int i) { return d[i]; }) / units;
#pragma GCC ivdep
        for (int i = 0; i < units; ++i) d[i] = (d[i] - mean - x[i] * along) * inverse[b];
    }
}

// The same over the rows, for each unit; `mean` and `variance` are running averages, which move in
// training where a batch has more than one row: only then are they not what normalises. Room: one row.
template <class T>
void batch_norm(int rows, int width, T *x, T *g, T *inverse, const T *gain, const T *shift, T *mean, T *variance, bool training, T *room) {
    const bool own = training && rows > 1;
    if (own) {
        column_sums<T>(rows, width, x, room);
        std::fill(inverse, inverse + width, T(0)); // until it is known, sums of squares
        for (int i = 0; i < width; ++i) room[i] /= rows;
    }
    const T *center = own ? room : mean;
    for (int b = 0; b < rows; ++b)
#pragma GCC ivdep
        for (int i = 0; i < width; ++i) {
            x[b * width + i] -= center[i];
            if (own) inverse[i] += x[b * width + i] * x[b * width + i];
        }
#pragma GCC ivdep
    for (int i = 0; i < width; ++i) {
        const T found = own ? inverse[i] / rows : variance[i];
        if (own) {
            mean[i] += (room[i] - mean[i]) * Momentum<T>::value;
            variance[i] += (found * (T(rows) / (rows - 1)) - variance[i]) * Momentum<T>::value;
        }
        inverse[i] = 1 / std::sqrt(found + Epsilon<T>::value);
    }
    for (int b = 0; b < rows; ++b)
#pragma GCC ivdep
        for (int i = 0; i < width; ++i) {
            x[b * width + i] *= inverse[i];
            g[b * width + i] = shift[i] + x[b * width + i] * gain[i];
        }
}

template <class T>
void batch_norm_back(int rows, int width, const T *x, T *d, const T *inverse, const T *gain, T *d_gain, T *d_shift) {
    std::fill(d_gain, d_gain + width, T(0));
    std::fill(d_shift, d_shift + width, T(0));
    const T share = rows > 1 ? T(1) / rows : T(0); // running averages do not move with a single row
    for (int b = 0; b < rows; ++b)
#pragma GCC ivdep
        for (int i = 0; i < width; ++i) {
            d_gain[i] += d[b * width + i] * x[b * width + i];
            d_shift[i] += d[b * width + i];
        }
    for (int b = 0; b < rows; ++b)
#pragma GCC ivdep
        for (int i = 0; i < width; ++i) {
            const T along = (d_shift[i] + x[b * width + i] * d_gain[i]) * share;
            d[b * width + i] = (d[b * width + i] - along) * (gain[i] * inverse[i]);
        }
}
