// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

interface IToken {
    function transfer(address to, uint256 amount) external returns (bool);
}

interface IPair {
    function swap(uint256 amount0Out, uint256 amount1Out, address to, bytes calldata data) external;
}

/// @notice Makes many swaps with a pair, each after an attempt to get one unit more. For tests alone.
contract SwapRunner {
    uint256 private constant SECOND_IN = 1 << 255;

    /// The pair paid a unit more than it should.
    error Generous(uint256 swap);

    /// @param inputs amounts, with the highest bit set where they are of the second asset
    function run(IPair pair, IToken[2] calldata assets, uint256[] calldata inputs, uint256[] calldata outputs)
        external
    {
        for (uint256 k = 0; k < inputs.length; k++) {
            bool secondIn = inputs[k] & SECOND_IN != 0;
            assets[secondIn ? 1 : 0].transfer(address(pair), inputs[k] & ~SECOND_IN);
            uint256 out = outputs[k];
            try pair.swap(secondIn ? out + 1 : 0, secondIn ? 0 : out + 1, address(this), "") {
                revert Generous(k);
            } catch {}
            pair.swap(secondIn ? out : 0, secondIn ? 0 : out, address(this), "");
        }
    }
}
