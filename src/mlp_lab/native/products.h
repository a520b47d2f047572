// Products of small matrices whose rows are whole vectors. Each number is summed in the order of k,
// whatever the tile it lies in.
#pragma once

#include "vectors.h"

// ROWS rows and COLUMNS vectors of c = bias + a b, where a[i, k] lies at a[i * row + k * column].
template <class T, int ROWS, int COLUMNS>
inline void tile(int depth, const T *a, long row, long column, const T *b, long ldb, T *c, long ldc, const T *bias) {
    typedef typename Vector<T>::type V;
    V sums[ROWS][COLUMNS];
    for (int i = 0; i < ROWS; ++i)
        for (int j = 0; j < COLUMNS; ++j)
            sums[i][j] = bias ? reinterpret_cast<const V *>(bias)[j] : V{};
    for (int k = 0; k < depth; ++k) {
        V values[COLUMNS];
        for (int j = 0; j < COLUMNS; ++j) values[j] = reinterpret_cast<const V *>(b + k * ldb)[j];
#pragma GCC unroll 16
        for (int i = 0; i < ROWS; ++i) {
            const T one = a[i * row + k * column];
            for (int j = 0; j < COLUMNS; ++j) sums[i][j] += one * values[j];
        }
    }
    for (int i = 0; i < ROWS; ++i)
        for (int j = 0; j < COLUMNS; ++j) reinterpret_cast<V *>(c + i * ldc)[j] = sums[i][j];
}

template <class T, int COLUMNS>
void columns(int rows, int depth, const T *a, long row, long column, const T *b, long ldb, T *c, long ldc, const T *bias) {
    int i = 0;
    for (; i + 8 <= rows; i += 8) tile<T, 8, COLUMNS>(depth, a + i * row, row, column, b, ldb, c + i * ldc, ldc, bias);
    if (i + 4 <= rows) { tile<T, 4, COLUMNS>(depth, a + i * row, row, column, b, ldb, c + i * ldc, ldc, bias); i += 4; }
    if (i + 2 <= rows) { tile<T, 2, COLUMNS>(depth, a + i * row, row, column, b, ldb, c + i * ldc, ldc, bias); i += 2; }
    if (i < rows) tile<T, 1, COLUMNS>(depth, a + i * row, row, column, b, ldb, c + i * ldc, ldc, bias);
}

// c = bias + a b; b and c have rows of `width` numbers, whole vectors.
template <class T>
void product(int rows, int width, int depth, const T *a, long row, long column, const T *b, T *c, const T *bias) {
    constexpr int pair = 2 * LANES<T>;
    int j = 0;
    for (; j + pair <= width; j += pair)
        columns<T, 2>(rows, depth, a, row, column, b + j, width, c + j, width, bias ? bias + j : nullptr);
    if (j < width)
        columns<T, 1>(rows, depth, a, row, column, b + j, width, c + j, width, bias ? bias + j : nullptr);
}

// b, (columns, ldb), of a, (rows, lda); what is left of a row of b is zero.
template <class T> void transpose(int rows, int columns, const T *__restrict a, long lda, T *__restrict b, long ldb) {
    constexpr int block = 16;
    for (int i = 0; i < rows; i += block) {
        const int last = std::min(i + block, rows);
        for (int j = 0; j < columns; ++j)
            for (int k = i; k < last; ++k) b[j * ldb + k] = a[k * lda + j];
    }
    if (rows < ldb)
        for (int j = 0; j < columns; ++j) std::fill(b + j * ldb + rows, b + (j + 1) * ldb, T(0));
}

template <class T> void column_sums(int rows, int width, const T *__restrict a, T *__restrict sums) {
    std::fill(sums, sums + width, T(0));
    for (int b = 0; b < rows; ++b)
        for (int i = 0; i < width; ++i) sums[i] += a[b * width + i];
}

// Of n numbers, whole vectors.
template <class T> T squared_norm(const T *g, size_t n) {
    T lanes[LANES<T>] = {};
    for (size_t i = 0; i < n; i += LANES<T>) // whole vectors
        for (int j = 0; j < LANES<T>; ++j) lanes[j] += g[i + j] * g[i + j];
    T sum = 0;
    for (int j = 0; j < LANES<T>; ++j) sum += lanes[j];
    return sum;
}
