// Where the numbers of one network lie while it is trained: all in one piece, rows as whole vectors,
// without the padding that wider neighbours give it in the tensors of a stack.
#pragma once

#include <cstring>

#include "interface.h"
#include "vectors.h"

// A member's part of a tensor: rows of some columns, the first of those that the tensor has.
struct Block {
    int rows, columns;
    size_t tensor_rows, tensor_columns;
    int width;    // columns in whole vectors
    size_t begin; // in numbers
};

template <class T> class Layout {
  public:
    std::vector<Block> blocks; // as `Networks.parameters` has them
    size_t weights = 0;        // numbers before the first bias: what decays
    size_t learnt = 0;         // before the running averages
    size_t numbers = 0;
    int layers, widest = 0;

    Layout(const Networks &of, int member) : layers(of.layers) {
        const int32_t *sizes = of.sizes + member * (of.layers + 1), *widths = of.widths;
        for (int k = 0; k < layers; ++k) add(sizes[k], sizes[k + 1], widths[k], widths[k + 1]);
        weights = numbers;
        for (int k = 0; k < layers; ++k) add(1, sizes[k + 1], 1, widths[k + 1]);
        for (int k = 0; k <= layers; ++k) widest = std::max(widest, padded<T>(sizes[k]));
        normalising = blocks.size();
        if (of.normalisation != NONE) add_units(sizes, widths);
        embedding = blocks.size();
        if (of.embedding) add(*of.embedding);
        learnt = numbers, statistics = blocks.size();
        if (of.normalisation == BATCH) add_units(sizes, widths);
    }

    const Block &weight(int layer) const { return blocks[layer]; }
    const Block &bias(int layer) const { return blocks[layers + layer]; }
    const Block &embedded(int tensor) const { return blocks[embedding + tensor]; }
    // Of what normalises a hidden layer: which = 0 is the gain, 1 the shift; or the running mean, the variance.
    const Block &gain(int layer, int which) const { return blocks[normalising + which * (layers - 1) + layer]; }
    const Block &running(int layer, int which) const { return blocks[statistics + which * (layers - 1) + layer]; }
    int width(int layer) const { return blocks[layer].width; } // of what the layer gives

    // Between the tensors of a stack and one piece of this layout.
    void read(void *const *tensors, int member, T *own) const { copy<false>(tensors, member, own); }
    void write(void *const *tensors, int member, T *own) const { copy<true>(tensors, member, own); }

  private:
    size_t normalising, embedding, statistics; // where their blocks begin

    void add_units(const int32_t *sizes, const int32_t *widths) { // two vectors of each hidden layer
        for (int which = 0; which < 2; ++which)
            for (int k = 1; k < layers; ++k) add(1, sizes[k], 1, widths[k]);
    }
    void add(int rows, int columns, int tensor_rows, int tensor_columns) {
        blocks.push_back({rows, columns, size_t(tensor_rows), size_t(tensor_columns), padded<T>(columns), numbers});
        numbers += size_t(rows) * padded<T>(columns);
    }
    void add(int rows, int columns) { add(rows, columns, rows, columns); }

    void add(const Embedding &of) {
        if (of.bins) {
            add(of.numbers * (of.bins + 1), of.size);
            add(of.numbers, of.size);
        }
        if (of.frequencies) {
            add(of.numbers, of.frequencies);
            add(of.numbers * 2 * of.frequencies, of.size);
            add(of.numbers, of.size);
        }
        for (int i = 0; i < of.categories; ++i) add(of.bounds[2 * i + 1] - of.bounds[2 * i], of.category_size);
    }

    template <bool BACK> void copy(void *const *tensors, int member, T *own) const {
        for (size_t i = 0; i < blocks.size(); ++i) {
            const Block &block = blocks[i];
            T *tensor = static_cast<T *>(tensors[i]) + member * block.tensor_rows * block.tensor_columns;
            for (int row = 0; row < block.rows; ++row) {
                T *there = tensor + row * block.tensor_columns;
                T *here = own + block.begin + size_t(row) * block.width;
                std::memcpy(BACK ? there : here, BACK ? here : there, block.columns * sizeof(T));
            }
        }
    }
};
