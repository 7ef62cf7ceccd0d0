// SPDX-License-Identifier: Apache-2.0
// What each kernel does for number `i` of its results. Plain functions of the host too, so that they are tested without
// a device. Arithmetic is in single precision whatever T is.
#pragma once
#include "kernels/chain.hpp"
#include "kernels/convolution.hpp"
#include "kernels/normalisation.hpp"
#include "kernels/pooling.hpp"
#include "kernels/rearrangement.hpp"
#include "kernels/resampling.hpp"
#include "kernels/softmax.hpp"
#include "kernels/transfer.hpp"
