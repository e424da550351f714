#pragma once
// A few seconds of music that belong to nobody else: what vsnd-play plays without an input file.

#include "wav.hpp"

namespace vsnd::play {

// 48 kHz, 16-bit, stereo; the same samples on every call.
wav_audio make_melody();

} // namespace vsnd::play
