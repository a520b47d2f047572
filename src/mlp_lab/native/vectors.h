// Vectors of the processor, and memory that begins at whole ones.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#if defined(__AVX512F__)
constexpr int BYTES = 64;
#elif defined(__AVX__)
constexpr int BYTES = 32;
#else
constexpr int BYTES = 16;
#endif

template <class T> struct Vector;
template <> struct Vector<float> { typedef float type __attribute__((vector_size(BYTES))); };
template <> struct Vector<double> { typedef double type __attribute__((vector_size(BYTES))); };
template <class T> constexpr int LANES = BYTES / sizeof(T);

// Rows of matrices are padded with zeros to whole vectors.
template <class T> int padded(int units) { return (units + LANES<T> - 1) / LANES<T> * LANES<T>; }

// Memory in pieces that begin at whole vectors, zeroed when it is made; it grows and is used again.
template <class T> class Arena {
  public:
    void reserve(size_t vectors) {
        if (vectors > room.size()) std::vector<Lane>(vectors).swap(room);
    }
    static size_t rounded(size_t numbers) { return (numbers + LANES<T> - 1) / LANES<T>; }
    T *at(size_t vectors) { return reinterpret_cast<T *>(room.data() + vectors); }

  private:
    struct alignas(BYTES) Lane { T lanes[LANES<T>]; };
    std::vector<Lane> room;
};
