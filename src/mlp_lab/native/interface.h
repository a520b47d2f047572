// What Python hands over: the structures of native/interface.py, field by field.
#pragma once

#include <cstdint>

// Their numbers are places in the lists of the same names in native/interface.py.
enum Activation { RELU, LEAKY_RELU, ELU, TANH, SIGMOID, GELU, SILU };
enum Output { LINEAR, SIGMOID_OUTPUT, SOFTMAX, EXPONENTIAL };
enum Loss { MSE, MAE, HUBER, QUANTILE, POISSON, BCE, CCE, FOCAL };
enum Normalisation { NONE, LAYER, BATCH };
enum Rule { DESCENT, MOMENTUM, HEAVY_BALL, NESTEROV, ADAGRAD, ADADELTA, RMSPROP, ADAM };

constexpr int MOMENTS = 3, NUMBERS = 3;

extern "C" {

// How D inputs are embedded; see network/embedding_plan.py. No numbers: none is.
struct Embedding {
    int32_t numbers, size, bins, frequencies, rest, categories, category_size;
    const int32_t *number_inputs; // (numbers), positions
    const int32_t *rest_inputs;   // (rest)
    const int32_t *bounds;        // (categories, 2), first and last + 1
    const void *knots;            // (K, numbers, bins + 1) if bins > 0
};

// K networks. A tensor is (K, rows, columns), contiguous; those of layers come in the order of
// LayerTensors.tensors: all weights, all biases, gains and shifts of hidden layers, what embeds the
// inputs, running means and variances.
struct Networks {
    int32_t members, layers, tensors, inputs, normalisation, residual;
    const int32_t *sizes;  // (K, layers + 1), of each network
    const int32_t *widths; // (layers + 1), of the tensors
    const int32_t *activations; // (layers - 1)
    const Embedding *embedding; // or null
    void *const *parameters; // (tensors)
};

// What networks are trained on and by; numbers are of each network where a shape has K.
struct Training {
    int32_t output, loss, rule, moments, moment_switch, decoupled;
    double loss_number, smoothing;
    void *const *moment_tensors;   // (moments, tensors)
    void *const *average_tensors;  // (tensors), or null
    void *const *gradient_tensors; // (tensors) for the gradients of the last step, or null
    const double *decay, *l1; // (K, layers), of each layer's weights
    const double *clip;       // (K)
    const double *numbers;         // (K, NUMBERS), of the rule
    const double *first_share, *later_share; // (K), what weights count in the average after a step
    const void *inputs, *targets, *row_weights; // (N, D), (N, C), (N) or null
    const int64_t *starts, *counts; // (K), rows of the source
    const int64_t *order;           // (K, order_stride), rows counted from each one's first
    int64_t order_stride, batch_size;
    const double *rates; // (steps, K), or one row for all steps
    int64_t rate_rows;
    const int64_t *taken;  // (K), steps before this epoch
    int64_t first, last;   // steps of the epoch to take now, counted from 0
    void *const *masks;    // (layers - 1), of (K, steps, rows, units) each; null without dropout
    const int64_t *mask_strides; // (layers - 1, 3)
    void *means; // (steps, K)
};
}
