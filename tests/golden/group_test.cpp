// SPDX-License-Identifier: Apache-2.0
// The entropy coding of a group, with symbols that no picture has.
#include "group.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <random>

#include "calotype/calotype.hpp"

using namespace calotype;
using namespace calotype::latent;
namespace data = boost::unit_test::data;

namespace {

const EntropyTables& tables() {
  static const auto model = LatentModel::open("latent", {});
  return model->tables();
}

/// Calls f(row, column, channel) for everything that a step codes.
template <class F>
void for_each_in_step(int step, int rows, int columns, int channels, F f) {
  for (int row = 0; row < rows; ++row)
    for (int column = 0; column < columns; ++column)
      for (int channel = phase_of(step, row, column); channel < channels; channel += 4) f(row, column, channel);
}

/// A group whose symbols `f` gives, where the model codes them at all, and its stream.
std::pair<GroupSymbols, Bytes> coded(int rate, int rows, int columns, const std::function<int(int, int, int)>& f,
                                     const std::array<int, kSteps>& table_shift = {}) {
  GroupSymbols symbols(tables(), rows, columns);
  symbols.table_shift = table_shift;
  for (std::size_t i = 0; i < symbols.hyper.values.size(); ++i)
    symbols.hyper.values[i] = std::int16_t(f(0, 0, int(i)) % 128);
  ScaleModel scales(tables(), rate, symbols);
  for (int step = 0; step < kSteps; ++step) {
    const Activations& indices = scales.indices(step);
    for_each_in_step(step, rows, columns, tables().channels, [&](int row, int column, int c) {
      if (indices.at(row, column)[c] >= tables().skip)
        symbols.latents.at(row, column)[c] = std::int16_t(f(row, column, c));
    });
  }
  const Bytes stream = encode_group(tables(), symbols, scales.indices());
  return {symbols, stream};
}

const std::vector<std::pair<int, int>> kSizes = {{1, 1}, {1, 2}, {2, 1}, {2, 2}, {1, 7}, {5, 1}, {4, 6}, {9, 5}};

}  // namespace

BOOST_AUTO_TEST_SUITE(group)

BOOST_DATA_TEST_CASE(any_symbols_come_back, data::make({1, 300, 32000}) * data::xrange(kSizes.size()), largest, size) {
  const auto [rows, columns] = kSizes[size];
  for (const int rate : {0, 150, tables().largest_rate()}) {
    std::mt19937 random(unsigned(largest) + unsigned(rate));
    const auto [symbols, stream] = coded(
        rate, rows, columns,
        [&, l = largest](int, int, int) { return std::uniform_int_distribution<int>(-l, l)(random); }, {-4, 3, 0, 1});
    const GroupSymbols again = decode_group(tables(), rate, rows, columns, stream.data(), stream.size());
    BOOST_TEST(again.hyper.values == symbols.hyper.values);
    BOOST_TEST(again.latents.values == symbols.latents.values);
    BOOST_TEST(again.table_shift == symbols.table_shift);
  }
}

BOOST_AUTO_TEST_CASE(a_stream_is_told_from_that_of_another_group) {
  const auto some = [](int row, int column, int c) { return (row + column + c) % 5 - 2; };
  const GroupSymbols symbols = coded(160, 6, 5, some).first;
  ScaleModel scales(tables(), 160, symbols);
  for (int step = 0; step < kSteps; ++step) scales.indices(step);
  CodedGroup group{symbols, scales.indices(), {}};
  ReaderPosition middle;
  const Bytes stream = encode_group(tables(), symbols, scales.indices(), &middle);
  BOOST_TEST(decodes_to(tables(), group, stream, middle));
  for (const std::size_t size : {std::size_t(0), stream.size() / 4, stream.size() - 2})
    BOOST_TEST(!decodes_to(tables(), group, Bytes(stream.begin(), stream.begin() + std::ptrdiff_t(size)), middle));
  for (const std::size_t at : {std::size_t(18), stream.size() - 3}) {
    Bytes damaged = stream;
    damaged[at] ^= 1;
    BOOST_TEST(!decodes_to(tables(), group, damaged, middle));
  }
  for (int step = 0; step < kSteps; ++step) {
    int last = 0;
    CodedGroup other = group;
    for_each_in_step(step, 6, 5, symbols.latents.channels, [&](int row, int column, int c) {
      const std::int16_t* symbol = other.symbols.latents.at(row, column) + c;
      if (*symbol) last = int(symbol - other.symbols.latents.values.data());
    });
    ++other.symbols.latents.values[std::size_t(last)];
    BOOST_TEST(!decodes_to(tables(), other, stream, middle));
  }
}

BOOST_AUTO_TEST_CASE(a_slope_costs_two_bits_a_symbol_less_than_its_values_scattered) {
  BOOST_REQUIRE_GT(tables().predicted(), 0);
  const auto slope = [](int row, int column, int c) { return c < tables().predicted() ? 4 * (row + column) : 0; };
  const auto scattered = [&](int row, int column, int c) { return slope(13 * row % 32, 21 * column % 32, c); };
  const std::size_t predicted = 16 * 16 * std::size_t(tables().predicted());  // a cell of 2x2 has one of each channel
  BOOST_TEST(coded(160, 32, 32, slope).second.size() + 2 * predicted / 8 < coded(160, 32, 32, scattered).second.size());
}

BOOST_AUTO_TEST_CASE(shifted_tables_save_bits_where_symbols_are_not_as_expected) {
  // A hundredth of the symbols are other than 0, whatever the model expects of them.
  std::mt19937 random(3);
  const auto rare = [&](int, int, int) { return std::uniform_int_distribution<int>(0, 99)(random) == 0; };
  const auto [symbols, stream] = coded(160, 16, 16, rare);
  ScaleModel scales(tables(), 160, symbols);
  for (int step = 0; step < kSteps; ++step) scales.indices(step);
  GroupSymbols shifted = symbols;
  shifted.table_shift = best_table_shift(tables(), symbols, scales.indices());
  BOOST_CHECK(shifted.table_shift != symbols.table_shift);
  BOOST_CHECK_LT(encode_group(tables(), shifted, scales.indices()).size(), stream.size());
}

BOOST_AUTO_TEST_SUITE_END()
