// Twins of floatMath.ts in single precision. A GPU may fuse a product with a sum, so that results agree within a few
// units in the last place and not to the bit.

/** e^x, relative error below 4e-7 for -87 <= x <= 88; 0 below, saturated above (S. Moshier, Cephes expf). */
fn expF32(x: f32) -> f32 {
  if (x < -87.0) {
    return 0.0;
  }
  let c = min(x, 88.0);
  let k = round(c * 1.44269504088896341);
  let r = (c - k * 0.693359375) + k * 2.12194440e-4;
  var p = 1.9875691500e-4;
  p = p * r + 1.3981999507e-3;
  p = p * r + 8.3334519073e-3;
  p = p * r + 4.1665795894e-2;
  p = p * r + 1.6666665459e-1;
  p = p * r + 5.0000001201e-1;
  let value = (p * r) * r + r + 1.0;
  // in two steps, since 2^128 has no f32
  let half = i32(k) >> 1u;
  return value * powerOfTwo(half) * powerOfTwo(i32(k) - half);
}

/** 2^k for -126 <= k <= 127. */
fn powerOfTwo(k: i32) -> f32 {
  return bitcast<f32>(u32(k + 127) << 23u);
}

/** Natural logarithm of a normal x > 0, absolute error below 2e-7 around 1, relative elsewhere. */
fn logF32(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  var exponent = i32(bits >> 23u) - 127;
  var mantissa = bitcast<f32>((bits & 0x7fffffu) | 0x3f800000u);
  if (mantissa > 1.41421356) {
    mantissa *= 0.5;
    exponent += 1;
  }
  // log m = 2 atanh(s), s = (m - 1) / (m + 1)
  let s = (mantissa - 1.0) / (mantissa + 1.0);
  let t = s * s;
  let series = 0.33333333 + t * (0.2 + t * (0.14285714 + t * 0.11111111));
  return f32(exponent) * 0.69314718 + 2.0 * s * (1.0 + t * series);
}

/** tanh, relative error below 1e-6: the rational approximation of Eigen that floatMath.ts names. */
fn tanhF32(x: f32) -> f32 {
  let clipped = clamp(x, -7.905311107635498, 7.905311107635498);
  let square = clipped * clipped;
  var p = -2.76076847742355e-16;
  p = p * square + 2.00018790482477e-13;
  p = p * square - 8.60467152213735e-11;
  p = p * square + 5.12229709037114e-8;
  p = p * square + 1.48572235717979e-5;
  p = p * square + 6.37261928875436e-4;
  p = p * square + 4.89352455891786e-3;
  var q = 1.19825839466702e-6;
  q = q * square + 1.18534705686654e-4;
  q = q * square + 2.268434632439e-3;
  q = q * square + 4.89352518554385e-3;
  return clipped * p / q;
}
