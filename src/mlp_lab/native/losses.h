// Gradients of one row's loss by its last pre-activations; network/losses.py has the formulas.
#pragma once

#include <algorithm>
#include <cmath>

#include "functions.h"
#include "interface.h"

template <class T> void softmax(const T *f, T *y, int classes) {
    T largest = f[0];
    for (int c = 1; c < classes; ++c) largest = f[c] > largest ? f[c] : largest;
    for (int c = 0; c < classes; ++c) y[c] = exponential(f[c] - largest);
    T sum = 0;
    for (int c = 0; c < classes; ++c) sum += y[c];
    for (int c = 0; c < classes; ++c) y[c] /= sum;
}

template <class T> inline T sign(T x) { return T((x > 0) - (x < 0)); }

// log(1 + exp(-|f|)), and with it -log y and -log(1 - y) of y = sigmoid(f).
template <class T> inline T softplus(T f) {
    return (f > 0 ? f : T(0)) + std::log1p(exponential(f > 0 ? -f : f));
}

// dL/dy of one output; `error` is y - t.
template <class T> inline T slope(int loss, T error, T number) {
    switch (loss) {
    case MSE: return 2 * error;
    case MAE: return sign(error);
    case HUBER: return error < -number ? -number : error > number ? number : error;
    default: return sign(error) / 2 + (T(0.5) - number); // QUANTILE
    }
}

template <class T> inline T binary_focal(T f, T y, T t, T gamma) {
    const T of_y = softplus(-f), of_rest = softplus(f), rest = exponential(-of_rest);
    const T ones = t * exponential(-gamma * of_rest) * (gamma * y * of_y + rest);
    const T zeros = (1 - t) * exponential(-gamma * of_y) * (gamma * rest * of_rest + y);
    return zeros - ones;
}

// d = dL/df of one row, C numbers; y is room for as many.
template <class T> void focal(const T *f, const T *t, T *d, T *y, int classes, T gamma) {
    T largest = f[0], sum = 0, total = 0;
    for (int c = 1; c < classes; ++c) largest = std::max(largest, f[c]);
    for (int c = 0; c < classes; ++c) sum += exponential(f[c] - largest);
    const T log_sum = std::log(sum) + largest;
    for (int c = 0; c < classes; ++c) {
        const T log_y = f[c] - log_sum;
        const T rest = std::max(-exponential_less_one(log_y), T(1e-37));
        y[c] = exponential(log_y);
        d[c] = t[c] * std::pow(rest, gamma) * (gamma * y[c] * log_y / rest - 1);
        total += d[c];
    }
    for (int c = 0; c < classes; ++c) d[c] -= y[c] * total;
}

template <class T>
void row_gradient(const Training &by, const T *f, const T *t, T *d, T *y, int classes) {
    const T number = T(by.loss_number), share = T(1) / classes;
    const bool of_classes = by.output == SOFTMAX;
    if (of_classes && by.loss == FOCAL) return focal(f, t, d, y, classes, number);
    switch (by.output) {
    case LINEAR: std::copy(f, f + classes, y); break;
    case SIGMOID_OUTPUT: for (int c = 0; c < classes; ++c) y[c] = sigmoid(f[c]); break;
    case EXPONENTIAL: for (int c = 0; c < classes; ++c) y[c] = exponential(f[c]); break;
    case SOFTMAX: softmax(f, y, classes); break;
    }
    if (by.loss == CCE) {
        for (int c = 0; c < classes; ++c) d[c] = y[c] - t[c];
    } else if (by.loss == BCE || by.loss == POISSON) {
        for (int c = 0; c < classes; ++c) d[c] = (y[c] - t[c]) * share;
    } else if (by.loss == FOCAL) {
        for (int c = 0; c < classes; ++c) d[c] = binary_focal(f[c], y[c], t[c], number) * share;
    } else {
        for (int c = 0; c < classes; ++c) d[c] = slope(by.loss, y[c] - t[c], number) * share;
        if (by.output == SIGMOID_OUTPUT) {
            for (int c = 0; c < classes; ++c) d[c] *= y[c] - y[c] * y[c];
        } else if (of_classes) {
            T sum = 0;
            for (int c = 0; c < classes; ++c) sum += d[c] * y[c];
            for (int c = 0; c < classes; ++c) d[c] = y[c] * (d[c] - sum);
        }
    }
}
