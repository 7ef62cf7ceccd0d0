// SPDX-License-Identifier: Apache-2.0
#include "group.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>

#include "calotype/error.hpp"
#include "channel_loops.hpp"
#include "container.hpp"
#include "for_all.hpp"

namespace calotype::latent {
namespace {

constexpr int kLargestHyper = 127;     // hyper-latents are clamped to this
constexpr int kLargestSymbol = 32000;  // and symbols to this: both fit int16, and the escape code holds differences

constexpr int kMiddleStep = kSteps / 2;  // where a second reader may start

constexpr int kShiftBits = 3;  // of a table shift, -4 .. 3
constexpr int kLargestShift = 1 << (kShiftBits - 1);

int hyper_size(int latents) { return (latents + kHyperCell - 1) / kHyperCell; }

/// rows x columns positions of all channels.
cv::Mat tensor(int channels, int rows, int columns) {
  return cv::Mat(std::vector<int>{rows, columns, channels}, CV_32F);
}

/// The means of a group, step by step, in units of Gains::norm: the float half of the context model.
class MeanModel {
 public:
  /// `room`: a tensor of any size, whose memory is taken.
  MeanModel(LatentModel::Networks& networks, const Gains& gains, Arithmetic arithmetic, const GroupSymbols& symbols,
            cv::Mat room)
      : networks_(networks),
        gains_(gains),
        arithmetic_(arithmetic),
        channels_(symbols.latents.channels),
        input_(std::move(room)),
        none_(std::size_t(channels_), 0.f) {
    const Activations &z = symbols.hyper, &r = symbols.latents;
    cv::Mat x = tensor(z.channels, z.rows, z.columns), means;
    std::copy(z.values.begin(), z.values.end(), x.ptr<float>());
    networks_.run("hyper_mean", x, means, arithmetic_);
    // Input of the context networks: hyper means, then the latents, as far as they are known.
    input_.create(std::vector<int>{r.rows, r.columns, 2 * channels_}, CV_32F);
    for_all(r.rows, [&](int row) {
      for (int column = 0; column < r.columns; ++column) {
        float* const to = input_.ptr<float>(row, column);
        std::copy_n(means.ptr<float>(row, column), channels_, to);
        std::copy_n(to, channels_, to + channels_);
      }
    });
  }

  /// Before the positions of `step` are asked for, in order.
  void begin(int step) {
    step_ = step;
    if (!step) return;
    networks_.run("context_" + std::to_string(step), input_, correction_, arithmetic_);
  }
  /// Of this step.
  MeanChannels at(int row, int column) {
    return {channels_, phase_of(step_, row, column), gains_.norm.data(), input_.ptr<float>(row, column),
            step_ ? correction_.ptr<float>(row, column) : none_.data()};
  }
  float* known(int row, int column) { return input_.ptr<float>(row, column) + channels_; }
  /// Once all steps are done: the latents for the synthesis.
  cv::Mat latents() {
    std::vector<float> factor(std::size_t(channels_), 0.f);
    for (std::size_t c = 0; c < factor.size(); ++c) factor[c] = gains_.norm[c] * gains_.inverse[c];
    for_all(input_.size[0], [&](int row) {
      for (int column = 0; column < input_.size[1]; ++column) {
        const float* from = input_.ptr<float>(row, column) + channels_;
        float* const to = correction_.ptr<float>(row, column);  // not needed any more
        for (std::size_t c = 0; c < factor.size(); ++c) to[c] = from[c] * factor[c];
      }
    });
    return correction_;
  }

 private:
  LatentModel::Networks& networks_;
  const Gains& gains_;
  Arithmetic arithmetic_;
  int channels_, step_ = 0;
  cv::Mat input_, correction_;
  std::vector<float> none_;  // of step 0
};

/// Hyper-latents of y after gain. The grid is padded to whole cells by replication. Returns a tensor that is not needed
/// any more.
cv::Mat quantise_hyper(LatentModel::Networks& networks, const cv::Mat& y, const std::vector<float>& gain,
                       Activations& z) {
  const int rows = y.size[0], columns = y.size[1], channels = y.size[2];
  const int padded_rows = z.rows * kHyperCell, padded_columns = z.columns * kHyperCell;
  cv::Mat x = tensor(2 * channels, padded_rows, padded_columns);
  for_all(padded_rows, [&](int row) {
    for (int column = 0; column < padded_columns; ++column)
      hyper_arguments(y.ptr<float>(std::min(row, rows - 1), std::min(column, columns - 1)), gain.data(), channels,
                      x.ptr<float>(row, column));
  });
  cv::Mat out;
  networks.run("hyper_analysis", x, out);
  for (std::size_t i = 0; i < z.values.size(); ++i)
    z.values[i] =
        std::int16_t(std::lrint(std::clamp(out.ptr<float>()[i], -float(kLargestHyper), float(kLargestHyper))));
  return x;
}

/// What step 0 expects of a symbol in one of the predicted channels, from the same channel in the cells before.
int prediction(const EntropyTables& tables, const Activations& r, int row, int column, int channel) {
  const auto symbol = [&](int cells_down, int cells_right) {
    return int(r.at(row + 2 * cells_down, column + 2 * cells_right)[channel]);
  };
  const bool first_row = row < 2, first_column = column < 2, last_column = column + 2 >= r.columns;
  if (first_row && first_column) return 0;
  const int left = first_column ? symbol(-1, 0) : symbol(0, -1);
  const int above = first_row ? left : symbol(-1, 0);
  const int above_left = first_row || first_column ? above : symbol(-1, -1);
  const int above_right = first_row || last_column ? above : symbol(-1, 1);
  const std::int32_t* weight = &tables.predict_weight[std::size_t(channel) * 4];
  const int sum = weight[0] * left + weight[1] * above + weight[2] * above_left + weight[3] * above_right;
  return std::clamp((sum + 128) >> 8, -kLargestSymbol, kLargestSymbol);
}

int shifted_table(const EntropyTables& tables, int index, int shift) {
  return std::clamp(index + shift, tables.skip, kTables - 1);
}

/// What a latent's symbol costs in a table.
double symbol_bits(const EntropyTables& tables, int table, int value) {
  const int shift = tables.symbol_shift[table];
  return tables.symbols.bits(table, (value + ((1 << shift) >> 1)) >> shift) + shift;
}

/// Calls f(row, column, channel, latent, index) for what is coded in a step, in coding order. `latent`: from `latents`;
/// `index`: of the table that the model names, from `indices`.
template <class Latents, class F>
void for_each_coded(int step, const Activations& indices, int skip, Latents& latents, F f) {
  for (int row = 0; row < indices.rows; ++row)
    for (int column = 0; column < indices.columns; ++column) {
      const std::int16_t* const index = indices.at(row, column);
      auto* const latent = latents.at(row, column);
      for (int channel = phase_of(step, row, column); channel < indices.channels; channel += 4)
        if (index[channel] >= skip) f(row, column, channel, latent[channel], int(index[channel]));
    }
}

/// The same for encoders: calls f(index, value). `value`: the symbol, less its prediction.
template <class F>
void for_each_coded(const EntropyTables& tables, const GroupSymbols& symbols, const Activations& indices, int step,
                    F f) {
  const Activations& r = symbols.latents;
  for_each_coded(step, indices, tables.skip, r, [&](int row, int column, int c, int symbol, int index) {
    const bool predicted = step == 0 && c < tables.predicted();
    f(index, symbol - (predicted ? prediction(tables, r, row, column, c) : 0));
  });
}

void code_hyper(SymbolWriter& writer, const EntropyTables& tables, const Activations& z) {
  for (std::size_t i = 0; i < z.values.size(); ++i)
    writer.symbol(tables.hyper_symbols, int(i % z.channels), z.values[i]);
}

}  // namespace

GroupSymbols::GroupSymbols(const EntropyTables& tables, int rows, int columns)
    : hyper(hyper_size(rows), hyper_size(columns), tables.hyper_channels), latents(rows, columns, tables.channels) {
  for (Activations* a : {&hyper, &latents}) std::fill(a->values.begin(), a->values.end(), std::int16_t(0));
}

std::uint32_t GroupSymbols::checksum() const {
  // Over little-endian bytes whatever the machine.
  std::uint32_t crc = 0;
  std::vector<std::uint8_t> bytes;
  const auto add = [&](const std::int16_t* values, std::size_t count) {
    bytes.resize(2 * count);
    for (std::size_t i = 0; i < count; ++i) {
      bytes[2 * i] = std::uint8_t(std::uint16_t(values[i]));
      bytes[2 * i + 1] = std::uint8_t(std::uint16_t(values[i]) >> 8);
    }
    crc = crc32(crc, bytes.data(), bytes.size());
  };
  add(hyper.values.data(), hyper.values.size());
  add(latents.values.data(), latents.values.size());
  for (int i = 0; i < PostFilter::kComponents; ++i)
    if (const PostFilter::Component& c = filter.components[i]; c.used) {
      const std::int16_t head[] = {std::int16_t(i), std::int16_t(c.shift)};
      add(head, 2);
      add(c.taps.data(), c.taps.size());
    }
  return crc;
}

ScaleModel::ScaleModel(const EntropyTables& tables, int rate, const GroupSymbols& symbols)
    : tables_(tables),
      symbols_(symbols),
      input_(symbols.latents.rows, symbols.latents.columns, 2 * tables.channels),
      indices_(symbols.latents.rows, symbols.latents.columns, tables.channels) {
  Activations& scales = adjusted_;
  tables.hyper.run(symbols.hyper, scales);
  const std::vector<std::int32_t> bias = tables.bias_at(rate);
  for_all(input_.rows, [&](int row) {
    for (int column = 0; column < input_.columns; ++column) {
      std::int16_t* expected = input_.at(row, column);
      expect_channels(scales.at(row, column), bias.data(), tables.fill.data(), tables.channels, expected,
                      expected + tables.channels);
      std::fill_n(indices_.at(row, column), tables.channels, std::int16_t(0));
    }
  });
}

const Activations& ScaleModel::indices(int step) {
  const Activations& r = symbols_.latents;
  const int channels = r.channels;
  if (step) {
    for_all(r.rows, [&](int row) {
      for (int column = 0; column < r.columns; ++column)
        learn_channels(r.at(row, column), tables_.magnitude.data(), channels, phase_of(step - 1, row, column),
                       input_.at(row, column));
    });
    tables_.context[step - 1].run(input_, adjusted_);
  }
  for_all(r.rows, [&](int row) {
    for (int column = 0; column < r.columns; ++column)
      index_channels(input_.at(row, column) + channels,
                     step ? adjusted_.at(row, column) : tables_.first_correction.data(), channels,
                     phase_of(step, row, column), indices_.at(row, column));
  });
  return indices_;
}

Bytes encode_group(const EntropyTables& tables, const GroupSymbols& symbols, const Activations& indices,
                   ReaderPosition* middle) {
  SymbolWriter writer;
  code_hyper(writer, tables, symbols.hyper);
  const auto& shifts = symbols.table_shift;
  const bool shifted = std::any_of(shifts.begin(), shifts.end(), [](int s) { return s != 0; });
  writer.bits(shifted, 1);
  for (int step = 0; shifted && step < kSteps; ++step)
    writer.bits(std::uint32_t(shifts[step] + kLargestShift), kShiftBits);
  std::array<SymbolWriter, kSteps> steps;
  for_all(kSteps, [&](int step) {
    SymbolWriter part;  // not among the others, whose cache line the threads would take from each other
    part.reserve(symbols.latents.values.size() / kSteps);
    for_each_coded(tables, symbols, indices, step, [&](int index, int value) {
      const int table = shifted_table(tables, index, shifts[step]), shift = tables.symbol_shift[table];
      const int half = (1 << shift) >> 1, high = (value + half) >> shift;
      part.symbol(tables.symbols, table, high);
      if (shift) part.bits(std::uint32_t(value + half - high * (1 << shift)), shift);
    });
    steps[step] = std::move(part);
  });
  std::size_t count = writer.size();
  for (const SymbolWriter& part : steps) count += part.size();
  writer.reserve(count);
  for (int step = 0; step < kSteps; ++step) {
    if (step == kMiddleStep) writer.mark();
    writer.append(steps[step]);
  }
  write_post_filter(writer, tables.symbols, symbols.filter);
  return writer.finish(middle);
}

std::array<int, kSteps> best_table_shift(const EntropyTables& tables, const GroupSymbols& symbols,
                                         const Activations& indices) {
  // Bits by table and small value.
  constexpr int kSmall = 63;
  std::vector<float> bits;
  for (int table = 0; table < kTables; ++table)
    for (int value = -kSmall; value <= kSmall; ++value) bits.push_back(float(symbol_bits(tables, table, value)));

  std::array<int, kSteps> best{};
  for (int step = 0; step < kSteps; ++step) {
    std::array<double, 2 * kLargestShift> cost{};
    for_each_coded(tables, symbols, indices, step, [&](int index, int value) {
      for (int i = 0; i < int(cost.size()); ++i) {
        const int table = shifted_table(tables, index, i - kLargestShift);
        cost[i] += std::abs(value) <= kSmall ? bits[std::size_t(table * (2 * kSmall + 1) + value + kSmall)]
                                             : symbol_bits(tables, table, value);
      }
    });
    const int least = int(std::min_element(cost.begin(), cost.end()) - cost.begin());
    // What the four numbers cost.
    if (cost[std::size_t(least)] + kSteps * kShiftBits < cost[kLargestShift]) best[step] = least - kLargestShift;
  }
  return best;
}

namespace {

void check(const SymbolReader& reader) {
  if (reader.overrun()) throw Error(ErrorCode::corrupt, "entropy-coded data ends early");
}

/// What comes before the latents.
void read_head(SymbolReader& reader, const EntropyTables& tables, GroupSymbols& symbols) {
  Activations& z = symbols.hyper;
  for (std::size_t i = 0; i < z.values.size(); ++i) {
    const int value = reader.symbol(tables.hyper_symbols, int(i % z.channels));
    if (std::abs(value) > kLargestHyper) throw Error(ErrorCode::corrupt, "a hyper-latent is out of range");
    z.values[i] = std::int16_t(value);
  }
  check(reader);
  if (reader.bits(1))
    for (int& shift : symbols.table_shift) shift = int(reader.bits(kShiftBits)) - kLargestShift;
}

/// Calls take(symbol, value) for what is coded in a step, in coding order, with the place of the symbol in `r`: that of
/// a group whose symbols are known up to it. `indices`: the tables of the step.
template <class Latents, class Take>
void read_step(SymbolReader& reader, const EntropyTables& tables, const Activations& indices, int step, int table_shift,
               Latents& r, Take take) {
  for_each_coded(step, indices, tables.skip, r, [&](int row, int column, int c, auto& symbol, int index) {
    const int table = shifted_table(tables, index, table_shift), shift = tables.symbol_shift[table];
    std::int64_t value = std::int64_t(reader.symbol(tables.symbols, table)) * (1 << shift);
    if (shift) value += std::int64_t(reader.bits(shift)) - (1 << (shift - 1));
    if (step == 0 && c < tables.predicted()) value += prediction(tables, r, row, column, c);
    if (std::abs(value) > kLargestSymbol) throw Error(ErrorCode::corrupt, "a latent is out of range");
    take(symbol, std::int16_t(value));
  });
  check(reader);
}

/// What comes after them.
void read_tail(SymbolReader& reader, const EntropyTables& tables, GroupSymbols& symbols) {
  symbols.filter = read_post_filter(reader, tables.symbols);
  reader.finish();
}

}  // namespace

GroupSymbols decode_group(const EntropyTables& tables, int rate, int rows, int columns, const std::uint8_t* data,
                          std::size_t size) {
  SymbolReader reader(data, data + size);
  GroupSymbols symbols(tables, rows, columns);
  read_head(reader, tables, symbols);
  ScaleModel scales(tables, rate, symbols);
  for (int step = 0; step < kSteps; ++step)
    read_step(reader, tables, scales.indices(step), step, symbols.table_shift[step], symbols.latents,
              [](std::int16_t& symbol, std::int16_t value) { symbol = value; });
  read_tail(reader, tables, symbols);
  return symbols;
}

bool decodes_to(const EntropyTables& tables, const CodedGroup& group, const Bytes& stream,
                const ReaderPosition& middle) {
  if (middle.bytes > stream.size()) return false;
  const GroupSymbols& wanted = group.symbols;
  const Activations& r = wanted.latents;
  const std::uint8_t *begin = stream.data(), *end = begin + stream.size();
  std::array<bool, 2> right{};
  for_all(2, [&](int half) {  // one reader for the first steps, one for the others
    try {
      SymbolReader reader = half ? SymbolReader(begin, end, middle) : SymbolReader(begin, end);
      GroupSymbols head(tables, 0, 0);
      head.hyper = Activations(wanted.hyper.rows, wanted.hyper.columns, wanted.hyper.channels);
      if (!half) read_head(reader, tables, head);
      bool same = half || (head.hyper.values == wanted.hyper.values && head.table_shift == wanted.table_shift);
      for (int step = half * kMiddleStep; step < (half ? kSteps : kMiddleStep); ++step)
        read_step(reader, tables, group.indices, step, wanted.table_shift[step], r,
                  [&](const std::int16_t& symbol, std::int16_t value) { same &= symbol == value; });
      if (half) read_tail(reader, tables, head);
      right[std::size_t(half)] = same && (half ? head.filter == wanted.filter : reader.position() == middle);
    } catch (const Error&) {
    }
  });
  std::int16_t stray = 0;  // what is not coded must be zero
  for (std::size_t i = 0; i < r.values.size(); ++i)
    stray = std::int16_t(stray | (group.indices.values[i] < tables.skip ? r.values[i] : 0));
  return right[0] && right[1] && !stray;
}

CodedGroup quantise_group(LatentModel::Networks& networks, const LatentModel& model, int rate, const cv::Mat& y,
                          bool with_latents) {
  const EntropyTables& tables = model.tables();
  const Gains gains = model.gains(rate);
  const int rows = y.size[0], columns = y.size[1];
  GroupSymbols symbols(tables, rows, columns);
  cv::Mat room = quantise_hyper(networks, y, gains.forward, symbols.hyper);

  float cost[kTables];  // of a bit, in squared steps, over the variance of the symbol
  for (int i = 0; i < kTables; ++i) {
    const float sigma = 0.11f * std::exp(float(i) / 8);
    cost[i] = model.rounding() / (2 * float(CV_LOG2) * (sigma * sigma + 1.f / 12));
  }
  MeanModel means(networks, gains, Arithmetic::chosen, symbols, std::move(room));
  ScaleModel scales(tables, rate, symbols);
  for (int step = 0; step < kSteps; ++step) {
    const Activations& indices = scales.indices(step);
    means.begin(step);
    for_all(rows, [&](int row) {
      for (int column = 0; column < columns; ++column)
        quantise_channels(means.at(row, column),
                          {y.ptr<float>(row, column), gains.forward.data(), indices.at(row, column), cost, tables.skip,
                           float(kLargestSymbol)},
                          symbols.latents.at(row, column), means.known(row, column));
    });
  }
  return {std::move(symbols), std::move(scales).indices(), with_latents ? means.latents() : cv::Mat()};
}

cv::Mat reconstruct_group(LatentModel::Networks& networks, const LatentModel& model, int rate, Arithmetic arithmetic,
                          const GroupSymbols& symbols) {
  const Gains gains = model.gains(rate);
  const Activations& r = symbols.latents;
  MeanModel means(networks, gains, arithmetic, symbols, {});
  for (int step = 0; step < kSteps; ++step) {
    means.begin(step);
    for_all(r.rows, [&](int row) {
      for (int column = 0; column < r.columns; ++column)
        reconstruct_channels(means.at(row, column), r.at(row, column), means.known(row, column));
    });
  }
  return means.latents();
}

}  // namespace calotype::latent
