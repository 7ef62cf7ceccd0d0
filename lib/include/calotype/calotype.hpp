// SPDX-License-Identifier: Apache-2.0
// Everything that a program linking Calotype needs:
//
//   calotype::Image photo = calotype::read_image("photo.jpg");
//   calotype::write_image("photo.calo", photo, {{"quality", "60"}});
//
// Threads: distinct objects may be used from distinct threads, one object by one thread at a time; Registry, Model,
// Network and Engine may be shared. Failures are calotype::Error; only memory that runs out outside a plugin or a
// pipeline may show as another std::exception.
//
// Ends: a program may end at any time, also with objects that are never destroyed, as long as no other thread is inside
// a call of the library. What is being loaded in the background is waited for, before anything static goes. (Engines
// that bring static objects of their own, as OpenCV's does, want exit() on the thread that called prepare().) fork() is
// safe under the same condition, and a child may use the library: loading is ended first, and loops have one thread in
// a child of a process that had several. A GPU that the parent has used is of no use to the child.
//
// What belongs to the process is left to the program: OpenCV's number of threads and its log level, signals, locale.
#pragma once
#include "calotype/backbone.hpp"
#include "calotype/codec.hpp"
#include "calotype/colour.hpp"
#include "calotype/engine.hpp"
#include "calotype/error.hpp"
#include "calotype/image.hpp"
#include "calotype/io.hpp"
#include "calotype/log.hpp"
#include "calotype/loss.hpp"
#include "calotype/metrics.hpp"
#include "calotype/model.hpp"
#include "calotype/model_draft.hpp"
#include "calotype/model_store.hpp"
#include "calotype/network_file.hpp"
#include "calotype/parallel.hpp"
#include "calotype/params.hpp"
#include "calotype/pipeline.hpp"
#include "calotype/preprocess.hpp"
#include "calotype/registry.hpp"
#include "calotype/signature.hpp"
#include "calotype/tiling.hpp"
#include "calotype/version.hpp"
