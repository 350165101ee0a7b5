// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @notice A token that calls back into a victim whenever it is moved, and notes how that ended. For tests alone.
contract HostileToken is ERC20("Hostile", "HOST") {
    address private victim;
    bytes private attack;
    uint256 public attempts;
    uint256 public successes;
    bytes public lastError;

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function arm(address victim_, bytes calldata attack_) external {
        victim = victim_;
        attack = attack_;
    }

    function burn(uint256 amount) external {
        _burn(msg.sender, amount);
    }

    /// Lets this contract act as a party of its own.
    function act(address target, bytes calldata data) external {
        (bool done, bytes memory why) = target.call(data);
        if (!done) assembly ("memory-safe") { revert(add(why, 32), mload(why)) }
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (victim == address(0) || (from != victim && to != victim)) return;
        attempts++;
        (bool done, bytes memory why) = victim.call(attack);
        if (done) successes++;
        else lastError = why;
    }
}
