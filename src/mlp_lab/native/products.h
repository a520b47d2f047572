// Products of matrices whose rows are whole vectors. Each number is summed in the order of k, whatever
// the tile it lies in, and whether its factors are packed.
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

// Factors that the nearest cache does not hold are copied in the order in which they are read, block by
// block, so that no row begins a page of its own (Goto and van de Geijn, "Anatomy of High-Performance
// Matrix Multiplication", 2008): so many of k and so many rows at once, in tiles of TALL rows.
constexpr int DEEP = 192, HIGH = 96, TALL = BYTES == 64 ? 12 : 6;
constexpr size_t LARGE = 128 * 1024; // bytes of b from which on this pays
constexpr int MANY = 32; // rows

// c += a b of packed factors; c is bias at first.
template <class T, int ROWS, int COLUMNS>
inline void packed_tile(int depth, const T *a, const T *b, T *c, long ldc, const T *bias, bool first) {
    typedef typename Vector<T>::type V;
    V sums[ROWS][COLUMNS];
    for (int i = 0; i < ROWS; ++i)
        for (int j = 0; j < COLUMNS; ++j) {
            const V *from = first ? reinterpret_cast<const V *>(bias) : reinterpret_cast<const V *>(c + i * ldc);
            sums[i][j] = from ? from[j] : V{};
        }
    for (int k = 0; k < depth; ++k, a += TALL, b += COLUMNS * LANES<T>) {
        V values[COLUMNS];
        for (int j = 0; j < COLUMNS; ++j) values[j] = reinterpret_cast<const V *>(b)[j];
#pragma GCC unroll 16
        for (int i = 0; i < ROWS; ++i)
            for (int j = 0; j < COLUMNS; ++j) sums[i][j] += a[i] * values[j];
    }
    for (int i = 0; i < ROWS; ++i)
        for (int j = 0; j < COLUMNS; ++j) reinterpret_cast<V *>(c + i * ldc)[j] = sums[i][j];
}

// Up to TALL rows; those that are missing are computed for nobody.
template <class T, int COLUMNS>
void packed_rows(int rows, int depth, const T *a, const T *b, T *c, long ldc, const T *bias, bool first) {
    if (rows == TALL) return packed_tile<T, TALL, COLUMNS>(depth, a, b, c, ldc, bias, first);
    alignas(BYTES) T room[TALL * COLUMNS * LANES<T>];
    const int columns = COLUMNS * LANES<T>;
    for (int i = 0; i < TALL; ++i) std::copy_n(c + (i < rows ? i : 0) * ldc, columns, room + i * columns);
    packed_tile<T, TALL, COLUMNS>(depth, a, b, room, columns, bias, first);
    for (int i = 0; i < rows; ++i) std::copy_n(room + i * columns, columns, c + i * ldc);
}

template <class T>
void large_product(int rows, int width, int depth, const T *a, long row, long column, const T *b, T *c, const T *bias) {
    constexpr int pair = 2 * LANES<T>;
    static thread_local Arena<T> memory;
    const size_t of_b = Arena<T>::rounded(size_t(DEEP) * width);
    memory.reserve(of_b + Arena<T>::rounded(DEEP * HIGH));
    T *right = memory.at(0), *left = memory.at(of_b);
    for (int from = 0; from < depth; from += DEEP) {
        const int now = std::min(DEEP, depth - from);
        T *to = right;
        for (int j = 0; j < width; j += pair) {
            const int columns = std::min(pair, width - j);
            for (int k = 0; k < now; ++k, to += columns) std::copy_n(b + size_t(from + k) * width + j, columns, to);
        }
        for (int top = 0; top < rows; top += HIGH) {
            const int high = std::min(HIGH, rows - top);
            for (int i = 0; i < high; i += TALL) {
                const T *own = a + (top + i) * row + from * column;
                for (int k = 0; k < now; ++k)
                    for (int r = 0; r < TALL; ++r) left[i * now + k * TALL + r] = i + r < high ? own[r * row + k * column] : T(0);
            }
            for (int j = 0; j < width; j += pair)
                for (int i = 0; i < high; i += TALL) {
                    const T *from_a = left + i * now, *from_b = right + size_t(j) * now, *own = bias ? bias + j : nullptr;
                    T *there = c + size_t(top + i) * width + j;
                    const int tall = std::min(TALL, high - i);
                    if (j + pair <= width) packed_rows<T, 2>(tall, now, from_a, from_b, there, width, own, from == 0);
                    else packed_rows<T, 1>(tall, now, from_a, from_b, there, width, own, from == 0);
                }
        }
    }
}

// c = bias + a b; b and c have rows of `width` numbers, whole vectors.
template <class T>
void product(int rows, int width, int depth, const T *a, long row, long column, const T *b, T *c, const T *bias) {
    if (rows >= MANY && size_t(depth) * width * sizeof(T) >= LARGE)
        return large_product<T>(rows, width, depth, a, row, column, b, c, bias);
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

// c = a + b; c may be either.
template <class T> void add(const T *a, const T *b, T *c, long n) {
#pragma GCC ivdep
    for (long i = 0; i < n; ++i) c[i] = a[i] + b[i];
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
