// SPDX-License-Identifier: Apache-2.0
#include "range_coder.hpp"

#include <boost/test/unit_test.hpp>
#include <random>

#include "calotype/error.hpp"

using namespace calotype;
using namespace calotype::latent;

namespace {

/// Three rows with K = 2: nearly certain, flat, and one that lacks -2 and +2.
SymbolTables tables() {
  const std::int32_t frequencies[3][6] = {
      {32767 - 4, 1, 1, 1, 1, 1}, {5461, 5461, 5461, 5461, 5461, 5463}, {16000, 8000, 8000, 0, 0, 768}};
  return SymbolTables(frequencies[0], 3, 6);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(range_coder)

BOOST_AUTO_TEST_CASE(symbols_bits_and_escapes_come_back_in_order) {
  const SymbolTables t = tables();
  std::mt19937 random(1);
  std::vector<std::pair<int, int>> symbols;  // row, value; row -n: n raw bits
  SymbolWriter writer;
  for (int i = 0; i < 20000; ++i) {
    const int kind = int(random() % 5);
    if (kind < 3) {
      const int value = random() % 50 ? int(random() % 7) - 3 : int(random() % 64001) - 32000;
      writer.symbol(t, kind, value);
      symbols.emplace_back(kind, value);
    } else {
      const int count = 1 + int(random() % 15), value = int(random() & ((1u << count) - 1));
      writer.bits(std::uint32_t(value), count);
      symbols.emplace_back(-count, value);
    }
  }
  const Bytes stream = writer.finish();
  SymbolReader reader(stream.data(), stream.data() + stream.size());
  for (const auto& [row, value] : symbols)
    BOOST_REQUIRE_EQUAL(row >= 0 ? reader.symbol(t, row) : int(reader.bits(-row)), value);
  BOOST_CHECK_NO_THROW(reader.finish());
}

BOOST_AUTO_TEST_CASE(a_likely_symbol_costs_next_to_nothing) {
  SymbolWriter writer;
  for (int i = 0; i < 100000; ++i) writer.symbol(tables(), 0, 0);
  BOOST_CHECK_LE(writer.finish().size(), 16u + 4u);
}

BOOST_AUTO_TEST_CASE(a_cut_stream_is_noticed) {
  const SymbolTables t = tables();
  SymbolWriter writer;
  for (int i = 0; i < 1000; ++i) writer.symbol(t, 1, i % 5 - 2);
  const Bytes stream = writer.finish();
  for (std::size_t size = 16; size < stream.size(); ++size) {
    SymbolReader reader(stream.data(), stream.data() + size);
    for (int i = 0; i < 1000; ++i) reader.symbol(t, 1);
    BOOST_CHECK_THROW(reader.finish(), Error);
  }
  BOOST_CHECK_THROW(SymbolReader(stream.data(), stream.data() + 15), Error);
}

BOOST_AUTO_TEST_CASE(any_bytes_decode_to_something_without_harm) {
  const SymbolTables t = tables();
  std::mt19937 random(2);
  for (int round = 0; round < 200; ++round) {
    Bytes noise(16 + random() % 100);
    for (auto& b : noise) b = std::uint8_t(random());
    try {
      SymbolReader reader(noise.data(), noise.data() + noise.size());
      for (int i = 0; i < 500; ++i) BOOST_REQUIRE_LT(std::abs(reader.symbol(t, i % 3)), 65536);
      reader.finish();
    } catch (const Error& e) {
      BOOST_CHECK(e.code() == ErrorCode::corrupt);
    }
  }
}

BOOST_AUTO_TEST_CASE(bad_tables_are_refused) {
  const std::int32_t short_sum[] = {100, 100, 100, 100}, negative[] = {40000, -8000, 700, 68},
                     no_escape[] = {32000, 384, 384, 0};
  for (const auto* bad : {short_sum, negative, no_escape}) BOOST_CHECK_THROW(SymbolTables(bad, 1, 4), Error);
}

BOOST_AUTO_TEST_SUITE_END()
