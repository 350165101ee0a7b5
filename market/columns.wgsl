// Twins of the conversions of columns.ts.

const TOKEN_PRICE_BITS = 16u;

/** Cash of a token amount at a price in 2^-16, rounded down. */
fn tokenToCash(token: U64, tokenPrice: u32) -> U64 {
  let low = productOf(token.x, tokenPrice);
  let high = productOf(token.y, tokenPrice);
  // (high x 2^32 + low) / 2^16
  return addWide(shiftRight(low, TOKEN_PRICE_BITS), shiftLeft(high, TOKEN_PRICE_BITS));
}

/** Token of a cash amount below 2^37 at a price in 2^-16, rounded down. */
fn cashToToken(cash: U64, tokenPrice: u32) -> U64 {
  if (tokenPrice == 0u) {
    return WIDE_ZERO;
  }
  return divideByWord(shiftLeft(cash, TOKEN_PRICE_BITS), tokenPrice);
}
