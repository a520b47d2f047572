// Steps of small perceptrons in one compiled loop, member by member: one network's weights, moments
// and activations stay in the processor's cache, and no operation is dispatched.
//
// The mathematics is that of network/backprop.py, network/losses.py and network/update_rules.py,
// which the tests hold it against. Every sum runs in an order that depends on the member alone: its
// bits depend neither on its neighbours nor on how far they make its matrices be padded.

#include <atomic>
#include <cfenv>
#include <limits>
#include <new>
#include <thread>

#include "losses.h"
#include "passes.h"
#include "update_rules.h"

namespace {

// What a member is made of while it is trained, in one piece of memory each.
template <class T> struct State {
    T *parameters, *gradients, *average = nullptr, *moments[MOMENTS] = {};

    State(const Networks &of, const Training &by, const Layout<T> &layout, int member) {
        const size_t piece = Arena<T>::rounded(layout.numbers);
        memory.reserve(piece * (2 + by.moments + (by.average_tensors ? 1 : 0)));
        parameters = memory.at(0), gradients = memory.at(piece);
        layout.read(of.parameters, member, parameters);
        for (int m = 0; m < by.moments; ++m) {
            moments[m] = memory.at((2 + m) * piece);
            layout.read(by.moment_tensors + m * of.tensors, member, moments[m]);
        }
        if (!by.average_tensors) return;
        average = memory.at((2 + by.moments) * piece);
        layout.read(by.average_tensors, member, average);
    }

    void write(const Networks &of, const Training &by, const Layout<T> &layout, int member) {
        layout.write(of.parameters, member, parameters);
        if (by.average_tensors) layout.write(by.average_tensors, member, average);
        for (int m = 0; m < by.moments; ++m) layout.write(by.moment_tensors + m * of.tensors, member, moments[m]);
    }

  private:
    Arena<T> memory;
};

// Write dL/df of each row; return the mean of f, which stops being finite when the loss does.
template <class T>
T output_gradient(const Training &by, const T *f, T *d, int64_t start, const int64_t *order, int rows, int classes, int width) {
    const T *targets = static_cast<const T *>(by.targets), *row_weights = static_cast<const T *>(by.row_weights);
    const T smoothing = T(by.smoothing), spread = smoothing / (by.loss == CCE ? classes : 2);
    std::vector<T> smoothed(classes), y(classes);
    T sum = 0;
    for (int b = 0; b < rows; ++b, f += width, d += width) {
        const int64_t row = start + order[b];
        const T *target = targets + row * classes;
        if (smoothing > 0) {
            for (int c = 0; c < classes; ++c) smoothed[c] = target[c] * (1 - smoothing) + spread;
            target = smoothed.data();
        }
        row_gradient<T>(by, f, target, d, y.data(), classes);
        const T counts = (row_weights ? row_weights[row] : T(1)) * (T(1) / rows);
        for (int c = 0; c < classes; ++c) d[c] *= counts, sum += f[c];
    }
    return sum / (T(rows) * classes);
}

// Clip and decay the gradients, and take a step by them.
template <class T>
void descend(const Training &by, const Layout<T> &layout, State<T> &state, int member, int members, int64_t step) {
    T *p = state.parameters, *g = state.gradients;
    if (by.clip[member] < std::numeric_limits<double>::infinity()) {
        const T factor = T(by.clip[member]) / (std::sqrt(squared_norm<T>(g, layout.learnt)) + T(1e-6));
        if (!(factor > 1))
            for (size_t i = 0; i < layout.learnt; ++i) g[i] *= factor;
    }
    const double lr = by.rates[(by.rate_rows > 1 ? step : 0) * members + member];
    for (int k = 0; k < layout.layers; ++k) {
        const double decay = by.decay[member * layout.layers + k], l1 = by.l1[member * layout.layers + k];
        const size_t begin = layout.weight(k).begin, end = k + 1 < layout.layers ? layout.weight(k + 1).begin : layout.weights;
        if (l1 > 0)
            for (size_t i = begin; i < end; ++i) g[i] += T(l1) * sign(p[i]);
        if (decay > 0 && by.decoupled) {
            for (size_t i = begin; i < end; ++i) p[i] *= T(1 - lr * decay);
        } else if (decay > 0) {
            for (size_t i = begin; i < end; ++i) g[i] += T(decay) * p[i];
        }
    }
    const Step now{lr, double(by.taken[member] + step + 1), by.numbers + member * NUMBERS};
    update<T>(by, now, layout.learnt, p, g, state.moments);
    if (!by.average_tensors) return;
    const T share = T(step == 0 ? by.first_share[member] : by.later_share[member]);
    for (size_t i = 0; i < layout.numbers; ++i)
        state.average[i] = share == 1 ? p[i] : state.average[i] + (p[i] - state.average[i]) * share;
}

template <class T> void train_member(const Networks &of, const Training &by, int member) {
    const int64_t count = by.counts[member], batch = by.batch_size, steps = (count + batch - 1) / batch;
    const int64_t last = std::min(by.last, steps), start = by.starts[member];
    if (by.first >= last) return;
    const Layout<T> layout(of, member);
    State<T> state(of, by, layout, member);
    Passes<T> passes(of, layout, member, int(std::min(batch, count)), &by);
    const Block &output = layout.weight(of.layers - 1);
    const T *inputs = static_cast<const T *>(by.inputs);
    for (int64_t step = by.first; step < last; ++step) {
        const int64_t *order = by.order + member * by.order_stride + step * batch;
        const int rows = int(std::min(batch, count - step * batch));
        for (int b = 0; b < rows; ++b)
            std::memcpy(passes.x + size_t(b) * of.inputs, inputs + (start + order[b]) * of.inputs, of.inputs * sizeof(T));
        passes.begin(state.parameters);
        passes.forward(state.parameters, rows, step);
        const T mean = output_gradient<T>(by, passes.last, passes.d_last, start, order, rows, output.columns, output.width);
        static_cast<T *>(by.means)[step * of.members + member] = mean;
        passes.backward(state.parameters, state.gradients, rows, step);
        if (by.gradient_tensors && step == steps - 1) layout.write(by.gradient_tensors, member, state.gradients);
        descend<T>(by, layout, state, member, of.members, step);
    }
    state.write(of, by, layout, member);
}

constexpr int BLOCK = 64; // rows of a forward pass that are computed at once

template <class T>
void forward_member(const Networks &of, int member, const T *inputs, int64_t rows, T *f) {
    const Layout<T> layout(of, member);
    Arena<T> memory;
    memory.reserve(Arena<T>::rounded(layout.numbers));
    T *p = memory.at(0);
    layout.read(of.parameters, member, p);
    Passes<T> passes(of, layout, member, BLOCK, nullptr);
    passes.begin(p);
    const Block &output = layout.weight(of.layers - 1);
    for (int64_t first = 0; first < rows; first += BLOCK) {
        const int now = int(std::min<int64_t>(BLOCK, rows - first));
        std::memcpy(passes.x, inputs + first * of.inputs, size_t(now) * of.inputs * sizeof(T));
        passes.forward(p, now, 0);
        for (int b = 0; b < now; ++b)
            std::memcpy(f + (first + b) * output.columns, passes.last + b * output.width, output.columns * sizeof(T));
    }
}

// Call `work` with each member, by so many threads, which round and flush as the caller does.
// Returns 0, or 1 if memory ran out.
template <class Work> int each_member(int members, int threads, Work work) {
    threads = std::min(threads, members);
    std::atomic<int> failed{0};
    auto some = [&](int first, int step) {
        try {
            for (int member = first; member < members; member += step) work(member);
        } catch (const std::bad_alloc &) {
            failed = 1;
        }
    };
    if (threads <= 1) {
        some(0, 1);
        return failed;
    }
    std::fenv_t environment;
    std::fegetenv(&environment);
    std::vector<std::thread> others;
    for (int i = 0; i < threads; ++i)
        others.emplace_back([&, i] {
            std::fesetenv(&environment);
            some(i, threads);
        });
    for (std::thread &other : others) other.join();
    return failed;
}

} // namespace

extern "C" {

// Take the steps `first` to `last` of an epoch. Returns 0, or 1 if memory ran out; so does `forward`.
int32_t train(const Networks *of, const Training *by, int32_t threads) {
    return each_member(of->members, threads, [=](int member) { train_member<NUMBER>(*of, *by, member); });
}

// f of the last layer, (K, rows, outputs), of inputs (K, rows, D), or (rows, D) for all with stride 0.
int32_t forward(const Networks *of, const NUMBER *inputs, int64_t stride, int64_t rows, NUMBER *f, int32_t threads) {
    const int outputs = of->widths[of->layers];
    return each_member(of->members, threads, [=](int member) {
        forward_member<NUMBER>(*of, member, inputs + member * stride, rows, f + member * rows * outputs);
    });
}
}
