// Elementary functions without branches, so that a compiler fills vectors with them, and activations.
// No option of a compiler makes them: those that would also take NaN for a number.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "interface.h"

template <class T> struct Exponent;
template <> struct Exponent<float> {
    typedef int32_t integer;
    static constexpr int degree = 7, mantissa = 23, bias = 127;
    static constexpr float lowest = -104, highest = 89, rounder = 12582912.0f;
    static constexpr float log2_high = 0.693359375f, log2_low = -2.12194440e-4f;
};
template <> struct Exponent<double> {
    typedef int64_t integer;
    static constexpr int degree = 13, mantissa = 52, bias = 1023;
    static constexpr double lowest = -746, highest = 710, rounder = 6755399441055744.0;
    static constexpr double log2_high = 0.693147180369123816490, log2_low = 1.90821492927058770002e-10;
};

constexpr double factorial(int n) { return n < 2 ? 1 : n * factorial(n - 1); }

template <class T> inline T power_of_two(typename Exponent<T>::integer n) {
    typename Exponent<T>::integer bits = (n + Exponent<T>::bias) << Exponent<T>::mantissa;
    T value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

// x = n log 2 + r with |r| <= log(2) / 2, and exp(r) - 1 by its series.
template <class T> struct Reduced {
    T rest;
    typename Exponent<T>::integer n;
    explicit inline Reduced(T x) {
        typedef Exponent<T> E;
        x = x < E::lowest ? E::lowest : x; // comparisons that leave NaN alone
        x = x > E::highest ? E::highest : x;
        const T whole = (x * T(1.44269504088896340736) + E::rounder) - E::rounder;
        const T r = (x - whole * E::log2_high) - whole * E::log2_low;
        T sum = T(1 / factorial(E::degree));
#pragma GCC unroll 16
        for (int k = E::degree - 1; k > 0; --k) sum = sum * r + T(1 / factorial(k));
        rest = sum * r;
        n = static_cast<typename E::integer>(static_cast<int32_t>(whole));
    }
};

// In two factors, so that neither leaves the range before the product does.
template <class T> inline T exponential(T x) {
    const Reduced<T> of(x);
    const auto half = of.n >> 1;
    return ((1 + of.rest) * power_of_two<T>(half)) * power_of_two<T>(of.n - half);
}

// exp(x) - 1 for x up to about 80, exact near 0.
template <class T> inline T exponential_less_one(T x) {
    const Reduced<T> of(x);
    const T scale = power_of_two<T>(of.n);
    const T value = of.rest * scale + (scale - 1);
    return x < -60 ? T(-1) : value;
}

template <class T> inline T sigmoid(T x) { return 1 / (1 + exponential(-x)); }

template <class T> inline T hyperbolic_tangent(T x) {
    T size = x < 0 ? -x : x;
    size = size > 20 ? T(20) : size;
    const T e = exponential_less_one(2 * size);
    const T value = e / (e + 2);
    return x < 0 ? -value : value;
}

template <class T> inline T normal_cdf(T x) {
    return T(0.5) * (1 + std::erf(x * T(0.70710678118654752440)));
}


bool slope_needs_f(int activation) { return activation == GELU || activation == SILU; }

template <class T> struct Leak { static constexpr T value = T(0.01); };

// h = a(f); h may be f.
template <class T> void activate(int activation, const T *f, T *h, long n) {
    switch (activation) {
    case RELU:
#pragma GCC ivdep
        for (long i = 0; i < n; ++i) h[i] = f[i] < 0 ? T(0) : f[i];
        break;
    case LEAKY_RELU:
#pragma GCC ivdep
        for (long i = 0; i < n; ++i) h[i] = f[i] < 0 ? f[i] * Leak<T>::value : f[i];
        break;
    case ELU:
#pragma GCC ivdep
        for (long i = 0; i < n; ++i) { T e = exponential_less_one(f[i] > 0 ? T(0) : f[i]); h[i] = f[i] > 0 ? f[i] : e; }
        break;
    case TANH:
#pragma GCC ivdep
        for (long i = 0; i < n; ++i) h[i] = hyperbolic_tangent(f[i]);
        break;
    case SIGMOID:
#pragma GCC ivdep
        for (long i = 0; i < n; ++i) h[i] = sigmoid(f[i]);
        break;
    case GELU:
#pragma GCC ivdep
        for (long i = 0; i < n; ++i) h[i] = f[i] * normal_cdf(f[i]);
        break;
    case SILU:
#pragma GCC ivdep
        for (long i = 0; i < n; ++i) h[i] = f[i] * sigmoid(f[i]);
        break;
    }
}

// d <- d a'(f), where h = a(f).
template <class T>
void times_slope(int activation, const T *__restrict f, const T *__restrict h, T *__restrict d, long n) {
    switch (activation) {
    case RELU: for (long i = 0; i < n; ++i) d[i] = h[i] > 0 ? d[i] : d[i] * (h[i] == h[i] ? T(0) : h[i]); break;
    case LEAKY_RELU: for (long i = 0; i < n; ++i) d[i] *= h[i] > 0 ? T(1) : Leak<T>::value; break;
    case ELU: for (long i = 0; i < n; ++i) d[i] *= h[i] > 0 ? T(1) : h[i] + 1; break;
    case TANH: for (long i = 0; i < n; ++i) d[i] *= 1 - h[i] * h[i]; break;
    case SIGMOID: for (long i = 0; i < n; ++i) d[i] *= h[i] - h[i] * h[i]; break;
    case GELU:
        for (long i = 0; i < n; ++i) {
            const T density = exponential(T(-0.5) * f[i] * f[i]) * T(0.39894228040143267794);
            d[i] *= density * f[i] + normal_cdf(f[i]);
        }
        break;
    case SILU: for (long i = 0; i < n; ++i) { const T s = sigmoid(f[i]); d[i] *= s * (1 + f[i] * (1 - s)); } break;
    }
}
