// SPDX-License-Identifier: Apache-2.0
#include "group.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/core/utility.hpp>

#include "calotype/error.hpp"
#include "container.hpp"

namespace calotype::latent {
namespace {

constexpr int kHyperCell = 4;          // latents per hyper-latent, each way
constexpr int kLargestHyper = 127;     // hyper-latents are clamped to this
constexpr int kLargestSymbol = 32000;  // and symbols to this: both fit int16, and the escape code holds differences

constexpr int kShiftBits = 3;  // of a table shift, -4 .. 3
constexpr int kLargestShift = 1 << (kShiftBits - 1);

int hyper_size(int latents) { return (latents + kHyperCell - 1) / kHyperCell; }

cv::Mat tensor(int channels, int rows, int columns) {
  const int dims[] = {1, channels, rows, columns};
  return cv::Mat(4, dims, CV_32F);
}

/// The means of a group, step by step, in units of Gains::norm: the float half of the context model.
class MeanModel {
 public:
  MeanModel(LatentModel::Networks& networks, const GroupSymbols& symbols) : networks_(networks) {
    const Activations &z = symbols.hyper, &r = symbols.latents;
    rows_ = r.rows;
    columns_ = r.columns;
    channels_ = r.channels;
    cv::Mat x = tensor(z.channels, z.rows, z.columns);
    for (int row = 0; row < z.rows; ++row)
      for (int column = 0; column < z.columns; ++column)
        for (int c = 0; c < z.channels; ++c)
          x.ptr<float>()[(std::size_t(c) * z.rows + row) * z.columns + column] = z.at(row, column)[c];
    const cv::Mat means = networks_.run("hyper_mean", x);
    if (means.dims != 4 || means.size[1] != channels_ || means.size[2] < rows_ || means.size[3] < columns_)
      throw Error(ErrorCode::corrupt, "the model's hyper_mean network has the wrong output size",
                  "reinstall the model");
    // Input of the context networks: hyper means, then the latents, as far as they are known.
    input_ = tensor(2 * channels_, rows_, columns_);
    for (int c = 0; c < channels_; ++c)
      for (int row = 0; row < rows_; ++row) {
        const float* from = means.ptr<float>() + (std::size_t(c) * means.size[2] + row) * means.size[3];
        std::copy_n(from, columns_, &hyper(row, 0, c));
        std::copy_n(from, columns_, &known(row, 0, c));
      }
  }

  /// Before the positions of `step` are asked for, in order.
  void begin(int step) {
    if (step) correction_ = networks_.run("context_" + std::to_string(step), input_);
    step_ = step;
  }
  float mean(int row, int column, int channel) const {
    const std::size_t i = (std::size_t(channel) * rows_ + row) * columns_ + column;
    return input_.ptr<float>()[i] + (step_ ? correction_.ptr<float>()[i] : 0.f);
  }
  float& known(int row, int column, int channel) { return at(channels_ + channel, row, column); }
  /// Once all steps are done: the latents for the synthesis.
  cv::Mat latents(const Gains& gains) const {
    cv::Mat out = tensor(channels_, rows_, columns_);
    const std::size_t plane = std::size_t(rows_) * columns_;
    const float* from = input_.ptr<float>() + channels_ * plane;
    for (int c = 0; c < channels_; ++c) {
      const float factor = gains.norm[c] * gains.inverse[c];
      for (std::size_t i = c * plane; i < (c + 1) * plane; ++i) out.ptr<float>()[i] = from[i] * factor;
    }
    return out;
  }

 private:
  float& hyper(int row, int column, int channel) { return at(channel, row, column); }
  float& at(int plane, int row, int column) {
    return input_.ptr<float>()[(std::size_t(plane) * rows_ + row) * columns_ + column];
  }

  LatentModel::Networks& networks_;
  int rows_, columns_, channels_, step_ = 0;
  cv::Mat input_, correction_;
};

/// Hyper-latents of y after gain. The grid is padded to whole cells by replication.
void quantise_hyper(LatentModel::Networks& networks, const cv::Mat& y, const std::vector<float>& gain, Activations& z) {
  const int channels = y.size[1], rows = y.size[2], columns = y.size[3];
  const int padded_rows = z.rows * kHyperCell, padded_columns = z.columns * kHyperCell;
  cv::Mat x = tensor(2 * channels, padded_rows, padded_columns);
  const std::size_t plane = std::size_t(padded_rows) * padded_columns;
  cv::parallel_for_(cv::Range(0, channels), [&](const cv::Range& range) {
    cv::Mat values(1, int(plane), CV_32F);
    float* const v = values.ptr<float>();
    for (int c = range.start; c < range.end; ++c) {
      for (int row = 0; row < padded_rows; ++row) {
        const float* from = y.ptr<float>() + (std::size_t(c) * rows + std::min(row, rows - 1)) * columns;
        float* const to = v + std::size_t(row) * padded_columns;
        for (int column = 0; column < columns; ++column) to[column] = from[column] * gain[c];
        std::fill(to + columns, to + padded_columns, to[columns - 1]);
      }
      cv::Mat magnitudes(1, int(plane), CV_32F, x.ptr<float>() + c * plane);
      cv::Mat signs(1, int(plane), CV_32F, x.ptr<float>() + (channels + c) * plane);
      float *const magnitude = magnitudes.ptr<float>(), *const sign = signs.ptr<float>();
      for (std::size_t i = 0; i < plane; ++i) {
        const float m = std::fabs(v[i]);
        magnitude[i] = 1 + m;
        sign[i] = m + std::sqrt(m * m + 1);
      }
      cv::log(magnitudes, magnitudes);
      cv::log(signs, signs);  // asinh, as in training
      for (std::size_t i = 0; i < plane; ++i) sign[i] = std::copysign(sign[i], v[i]);
    }
  });
  const cv::Mat out = networks.run("hyper_analysis", x);
  for (int row = 0; row < z.rows; ++row)
    for (int column = 0; column < z.columns; ++column)
      for (int c = 0; c < z.channels; ++c) {
        const float v = out.ptr<float>()[(std::size_t(c) * z.rows + row) * z.columns + column];
        z.at(row, column)[c] = std::int16_t(std::lrint(std::clamp(v, -float(kLargestHyper), float(kLargestHyper))));
      }
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

/// Calls f(index, value) for what is coded in a step, in coding order: the table that the model names and the symbol,
/// less its prediction.
template <class F>
void for_each_coded(const EntropyTables& tables, const GroupSymbols& symbols, const Activations& indices, int step,
                    F f) {
  const Activations& r = symbols.latents;
  for_each_in_step(step, r.rows, r.columns, r.channels, [&](int row, int column, int c) {
    const int index = indices.at(row, column)[c];
    if (index < tables.skip) return;
    const bool predicted = step == 0 && c < tables.predicted();
    f(index, r.at(row, column)[c] - (predicted ? prediction(tables, r, row, column, c) : 0));
  });
}

void code_hyper(SymbolWriter& writer, const EntropyTables& tables, const Activations& z) {
  for (std::size_t i = 0; i < z.values.size(); ++i)
    writer.symbol(tables.hyper_symbols, int(i % z.channels), z.values[i]);
}

}  // namespace

GroupSymbols::GroupSymbols(const EntropyTables& tables, int rows, int columns)
    : hyper(hyper_size(rows), hyper_size(columns), tables.hyper_channels), latents(rows, columns, tables.channels) {}

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
  const Activations scales = tables.hyper.run(symbols.hyper);
  const std::vector<std::int32_t> bias = tables.bias_at(rate);
  for (int row = 0; row < input_.rows; ++row)
    for (int column = 0; column < input_.columns; ++column) {
      const std::int16_t* scale = scales.at(row, column);
      std::int16_t *expected = input_.at(row, column), *base = expected + tables.channels;
      for (int c = 0; c < tables.channels; ++c) {
        base[c] = std::int16_t(std::clamp(scale[c] + bias[std::size_t(c)], kBaseMin, kBaseMax));
        expected[c] = tables.fill[std::size_t(std::clamp<int>(base[c], kFillMin, kFillMax) - kFillMin)];
      }
    }
}

const Activations& ScaleModel::indices(int step) {
  const Activations& r = symbols_.latents;
  const int channels = r.channels;
  if (step == 0) {
    for_all_in_step(0, r.rows, r.columns, channels, [&](int row, int column, int c) {
      const int scale = input_.at(row, column)[channels + c] + (c < tables_.predicted() ? tables_.predict_scale[c] : 0);
      indices_.at(row, column)[c] = std::int16_t(EntropyTables::index(scale));
    });
    return indices_;
  }
  for_all_in_step(step - 1, r.rows, r.columns, channels, [&](int row, int column, int c) {
    input_.at(row, column)[c] = tables_.magnitude[std::size_t(std::min(std::abs(int(r.at(row, column)[c])), 255))];
  });
  const Activations correction = tables_.context[step - 1].run(input_);
  for_all_in_step(step, r.rows, r.columns, channels, [&](int row, int column, int c) {
    const int scale = input_.at(row, column)[channels + c] + correction.at(row, column)[c];
    indices_.at(row, column)[c] = std::int16_t(EntropyTables::index(std::clamp(scale, kBaseMin, kBaseMax)));
  });
  return indices_;
}

Bytes encode_group(const EntropyTables& tables, const GroupSymbols& symbols, const Activations& indices) {
  SymbolWriter writer;
  code_hyper(writer, tables, symbols.hyper);
  const auto& shifts = symbols.table_shift;
  const bool shifted = std::any_of(shifts.begin(), shifts.end(), [](int s) { return s != 0; });
  writer.bits(shifted, 1);
  for (int step = 0; shifted && step < kSteps; ++step)
    writer.bits(std::uint32_t(shifts[step] + kLargestShift), kShiftBits);
  for (int step = 0; step < kSteps; ++step)
    for_each_coded(tables, symbols, indices, step, [&](int index, int value) {
      const int table = shifted_table(tables, index, shifts[step]), shift = tables.symbol_shift[table];
      const int half = (1 << shift) >> 1, high = (value + half) >> shift;
      writer.symbol(tables.symbols, table, high);
      if (shift) writer.bits(std::uint32_t(value + half - high * (1 << shift)), shift);
    });
  write_post_filter(writer, tables.symbols, symbols.filter);
  return writer.finish();
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

GroupSymbols decode_group(const EntropyTables& tables, int rate, int rows, int columns, const std::uint8_t* data,
                          std::size_t size) {
  SymbolReader reader(data, data + size);
  GroupSymbols symbols(tables, rows, columns);
  const auto check = [&reader] {
    if (reader.overrun()) throw Error(ErrorCode::corrupt, "entropy-coded data ends early");
  };
  Activations& z = symbols.hyper;
  for (std::size_t i = 0; i < z.values.size(); ++i) {
    const int value = reader.symbol(tables.hyper_symbols, int(i % z.channels));
    if (std::abs(value) > kLargestHyper) throw Error(ErrorCode::corrupt, "a hyper-latent is out of range");
    z.values[i] = std::int16_t(value);
  }
  check();
  if (reader.bits(1))
    for (int& shift : symbols.table_shift) shift = int(reader.bits(kShiftBits)) - kLargestShift;
  ScaleModel scales(tables, rate, symbols);
  Activations& r = symbols.latents;
  for (int step = 0; step < kSteps; ++step) {
    const Activations& indices = scales.indices(step);
    for_each_in_step(step, rows, columns, r.channels, [&](int row, int column, int c) {
      const int index = indices.at(row, column)[c];
      if (index < tables.skip) return;
      const int table = shifted_table(tables, index, symbols.table_shift[step]), shift = tables.symbol_shift[table];
      std::int64_t value = std::int64_t(reader.symbol(tables.symbols, table)) * (1 << shift);
      if (shift) value += std::int64_t(reader.bits(shift)) - (1 << (shift - 1));
      if (step == 0 && c < tables.predicted()) value += prediction(tables, r, row, column, c);
      if (std::abs(value) > kLargestSymbol) throw Error(ErrorCode::corrupt, "a latent is out of range");
      r.at(row, column)[c] = std::int16_t(value);
    });
    check();
  }
  symbols.filter = read_post_filter(reader, tables.symbols);
  reader.finish();
  return symbols;
}

CodedGroup quantise_group(LatentModel::Networks& networks, const LatentModel& model, int rate, const cv::Mat& y) {
  const EntropyTables& tables = model.tables();
  const Gains gains = model.gains(rate);
  const int rows = y.size[2], columns = y.size[3];
  GroupSymbols symbols(tables, rows, columns);
  quantise_hyper(networks, y, gains.forward, symbols.hyper);

  float cost[kTables];  // of a bit, in squared steps, over the variance of the symbol
  for (int i = 0; i < kTables; ++i) {
    const float sigma = 0.11f * std::exp(float(i) / 8);
    cost[i] = model.rounding() / (2 * float(CV_LOG2) * (sigma * sigma + 1.f / 12));
  }
  ScaleModel scales(tables, rate, symbols);
  MeanModel means(networks, symbols);
  for (int step = 0; step < kSteps; ++step) {
    const Activations& indices = scales.indices(step);
    means.begin(step);
    for_all_in_step(step, rows, columns, tables.channels, [&](int row, int column, int c) {
      const float mean = means.mean(row, column, c), norm = gains.norm[c];
      const float latent = y.ptr<float>()[(std::size_t(c) * rows + row) * columns + column] * gains.forward[c];
      const float d = std::clamp(latent - mean * norm, -float(kLargestSymbol), float(kLargestSymbol));
      const int index = indices.at(row, column)[c];
      float r = std::nearbyint(d);
      const float m = std::fabs(r);
      // One step towards zero costs 2 (|d| - m) + 1 more squared error and saves about (2m - 1) / (2 ln2 variance)
      // bits.
      if (m > 0 && 2 * (std::fabs(d) - m) + 1 < cost[index] * (2 * m - 1)) r -= std::copysign(1.f, r);
      if (index < tables.skip) r = 0;
      symbols.latents.at(row, column)[c] = std::int16_t(r);
      means.known(row, column, c) = mean + r / norm;
    });
  }
  return {symbols, scales.indices(), means.latents(gains)};
}

cv::Mat reconstruct_group(LatentModel::Networks& networks, const LatentModel& model, int rate,
                          const GroupSymbols& symbols) {
  const Gains gains = model.gains(rate);
  const Activations& r = symbols.latents;
  MeanModel means(networks, symbols);
  for (int step = 0; step < kSteps; ++step) {
    means.begin(step);
    for_all_in_step(step, r.rows, r.columns, r.channels, [&](int row, int column, int c) {
      means.known(row, column, c) = means.mean(row, column, c) + float(r.at(row, column)[c]) / gains.norm[c];
    });
  }
  return means.latents(gains);
}

}  // namespace calotype::latent
