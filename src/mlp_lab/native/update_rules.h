// Update rules over one network's parameters; network/update_rules.py has the formulas.
#pragma once

#include <cmath>

#include "interface.h"

// One step's numbers of a rule; see network/update_rules.py.
struct Step {
    double lr, t;
    const double *numbers;
};

double complement(double rate) { return 1 - rate; }

double bias_correction(double rate, double t) { return rate > 0 ? -std::expm1(t * std::log(rate)) : 1.0; }

template <class T>
void update(const Training &by, const Step &step, size_t n, T *__restrict p, const T *__restrict g, T *const *moments) {
    T *__restrict s = moments[0], *__restrict u = moments[1], *__restrict w = moments[2];
    const double *number = step.numbers;
    const T lr = T(step.lr);
    switch (by.rule) {
    case DESCENT: for (size_t i = 0; i < n; ++i) p[i] -= lr * g[i]; break;
    case MOMENTUM: {
        const T c = T(complement(number[0]));
        for (size_t i = 0; i < n; ++i) { s[i] += (g[i] - s[i]) * c; p[i] -= lr * s[i]; }
        break;
    }
    case HEAVY_BALL: {
        const T m = T(number[0]);
        for (size_t i = 0; i < n; ++i) { s[i] = s[i] * m + g[i]; p[i] -= lr * s[i]; }
        break;
    }
    case NESTEROV: {
        const T m = T(number[0]);
        for (size_t i = 0; i < n; ++i) { s[i] = s[i] * m + g[i]; p[i] -= lr * (s[i] * m + g[i]); }
        break;
    }
    case ADAGRAD: { // lr_decay, eps
        const T rate = T(step.lr / (1 + (step.t - 1) * number[0])), eps = T(number[1]);
        for (size_t i = 0; i < n; ++i) { s[i] += g[i] * g[i]; p[i] -= rate * (g[i] / (std::sqrt(s[i]) + eps)); }
        break;
    }
    case ADADELTA: { // rho, eps
        const T c = T(complement(number[0])), eps = T(number[1]);
        for (size_t i = 0; i < n; ++i) {
            s[i] += (g[i] * g[i] - s[i]) * c;
            const T d = std::sqrt(u[i] + eps) / std::sqrt(s[i] + eps) * g[i];
            u[i] += (d * d - u[i]) * c;
            p[i] -= lr * d;
        }
        break;
    }
    case RMSPROP: { // rho, momentum, eps; the third moment is the mean of g, where centered
        const T c = T(complement(number[0])), m = T(number[1]), eps = T(number[2]);
        if (by.moment_switch) {
            for (size_t i = 0; i < n; ++i) {
                s[i] += (g[i] * g[i] - s[i]) * c;
                w[i] += (g[i] - w[i]) * c;
                T variance = s[i] - w[i] * w[i];
                variance = variance < 0 ? T(0) : variance;
                u[i] = u[i] * m + g[i] / (std::sqrt(variance) + eps);
                p[i] -= lr * u[i];
            }
        } else {
            for (size_t i = 0; i < n; ++i) {
                s[i] += (g[i] * g[i] - s[i]) * c;
                u[i] = u[i] * m + g[i] / (std::sqrt(s[i]) + eps);
                p[i] -= lr * u[i];
            }
        }
        break;
    }
    case ADAM: { // beta1, beta2, eps; the third moment is the largest v, with amsgrad
        const double root = std::sqrt(bias_correction(number[1], step.t));
        const T rate = T(step.lr * (root / bias_correction(number[0], step.t))), eps = T(number[2] * root);
        const T c1 = T(complement(number[0])), c2 = T(complement(number[1]));
        if (by.moment_switch) {
            for (size_t i = 0; i < n; ++i) {
                s[i] += (g[i] - s[i]) * c1;
                u[i] += (g[i] * g[i] - u[i]) * c2;
                w[i] = w[i] > u[i] ? w[i] : u[i];
                p[i] -= rate * (s[i] / (std::sqrt(w[i]) + eps));
            }
        } else {
            for (size_t i = 0; i < n; ++i) {
                s[i] += (g[i] - s[i]) * c1;
                u[i] += (g[i] * g[i] - u[i]) * c2;
                p[i] -= rate * (s[i] / (std::sqrt(u[i]) + eps));
            }
        }
        break;
    }
    }
}
