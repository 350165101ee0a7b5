// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {MarketToken} from "./MarketToken.sol";
import {Escrow} from "./Escrow.sol";
import {AgentRegistry} from "./AgentRegistry.sol";

/// What is used of a published Uniswap v2 pair.
interface IPair {
    function token0() external view returns (address);
    function getReserves() external view returns (uint112 reserve0, uint112 reserve1, uint32 timestamp);
    function balanceOf(address owner) external view returns (uint256);
    function totalSupply() external view returns (uint256);
    function transfer(address to, uint256 amount) external returns (bool);
    function mint(address to) external returns (uint256 liquidity);
    function burn(address to) external returns (uint256 amount0, uint256 amount1);
    function swap(uint256 amount0Out, uint256 amount1Out, address to, bytes calldata data) external;
    function sync() external;
}

/**
 * @notice Settles a tick's journal in one transaction: every entry moves ERC-20 balances of the accounts concerned,
 * which have approved this contract, or stakes and payments in escrow; swaps are made by the pair itself. It holds the
 * pool's liquidity on behalf of the treasury.
 *
 * Operations are words of 16 bytes: kind (1), asset (1), from (3), to (3), amount (8). Accounts are numbers: slots of
 * agents, then the system accounts.
 */
contract Settlement is AccessControl, ReentrancyGuardTransient {
    bytes32 public constant OPERATOR_ROLE = keccak256("OPERATOR_ROLE");

    uint256 private constant WIDTH = 16;
    uint256 private constant TRANSFER = 0;
    uint256 private constant MINT = 1;
    uint256 private constant BURN = 2;
    uint256 private constant STAKE = 3;
    uint256 private constant RELEASE = 4;
    uint256 private constant SLASH = 5;
    uint256 private constant LOCK = 6;
    uint256 private constant AWARD = 7;
    uint256 private constant BURN_AWARD = 8;
    uint256 private constant SWAP = 9;
    uint256 private constant PAY_OUT = 10;
    uint256 private constant REDEEM = 11;
    uint256 private constant ADD_LIQUIDITY = 12;
    uint256 private constant KINDS = 13;

    MarketToken public immutable token;
    MarketToken public immutable cash;
    Escrow public immutable escrow;
    AgentRegistry public immutable registry;
    IPair public immutable pair;
    /// Whether the token is the pair's token0.
    bool private immutable tokenFirst;
    uint256 public immutable slots;

    /// Token of a redemption whose cash comes with the next operation.
    uint256 private transient tokenRedeemed;

    /// Addresses of the accounts, 0 = an empty slot; `accountCount` of them.
    mapping(uint256 account => address) public accounts;
    uint256 public immutable accountCount;
    mapping(uint256 slot => uint256) public agentAt;

    event Gas(uint256 indexed tick, uint256[13] byKind);

    /// The pool would not pay what the journal books.
    error SwapDiffers(uint256 operation, uint256 booked, uint256 quoted);
    error UnknownKind(uint256 operation, uint256 kind);
    error EstateLeft(uint256 slot, uint256 token, uint256 cash, uint256 stake);
    error LiquidityExhausted(uint256 wanted, uint256 owned);

    constructor(
        MarketToken token_,
        MarketToken cash_,
        Escrow escrow_,
        AgentRegistry registry_,
        IPair pair_,
        uint256 slots_,
        address[] memory system,
        address admin
    ) {
        token = token_;
        cash = cash_;
        escrow = escrow_;
        registry = registry_;
        pair = pair_;
        slots = slots_;
        tokenFirst = address(pair_) != address(0) && pair_.token0() == address(token_);
        accountCount = slots_ + system.length;
        for (uint256 k = 0; k < system.length; k++) accounts[slots_ + k] = system[k];
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _grantRole(OPERATOR_ROLE, admin);
    }

    /// A signed approval of this contract for one asset.
    struct Approval {
        uint8 v;
        bytes32 r;
        bytes32 s;
    }

    /// @notice An agent comes to a slot: its wallet's approvals, signed by it, and its identity.
    function arrive(
        uint256 slot,
        address wallet,
        Approval[2] calldata approvals,
        AgentRegistry.Identity calldata identity
    ) external onlyRole(OPERATOR_ROLE) {
        approve(wallet, approvals);
        _vacate(slot, identity.bornAt);
        accounts[slot] = wallet;
        agentAt[slot] = registry.register(wallet, identity) + 1;
    }

    /// @notice Takes a wallet's signed approvals of both assets.
    function approve(address wallet, Approval[2] calldata approvals) public onlyRole(OPERATOR_ROLE) {
        for (uint256 asset = 0; asset < 2; asset++) {
            Approval calldata a = approvals[asset];
            _asset(asset).permit(wallet, address(this), type(uint256).max, type(uint256).max, a.v, a.r, a.s);
        }
    }

    /// @notice Notes deaths; who dies has left nothing behind.
    function depart(uint256[] calldata dead, uint64 tick) external onlyRole(OPERATOR_ROLE) {
        for (uint256 k = 0; k < dead.length; k++) _vacate(dead[k], tick);
    }

    function _vacate(uint256 slot, uint64 tick) private {
        uint256 agent = agentAt[slot];
        if (agent == 0) return;
        address wallet = accounts[slot];
        uint256 tokenLeft = token.balanceOf(wallet);
        uint256 cashLeft = cash.balanceOf(wallet);
        uint256 stake = escrow.stakeOf(wallet);
        if (tokenLeft + cashLeft + stake != 0) revert EstateLeft(slot, tokenLeft, cashLeft, stake);
        registry.bury(agent - 1, tick);
        agentAt[slot] = 0;
        accounts[slot] = address(0);
    }

    /// @notice Applies operations in their order, all or none.
    function settle(uint256 tick, bytes calldata operations)
        external
        nonReentrant
        onlyRole(OPERATOR_ROLE)
    {
        uint256[KINDS] memory gasOf;
        for (uint256 place = 0; place < operations.length; place += WIDTH) {
            uint256 before = gasleft();
            uint256 word = uint128(bytes16(operations[place:place + WIDTH]));
            uint256 kind = word >> 120;
            _apply(
                place / WIDTH,
                kind,
                uint8(word >> 112),
                (word >> 88) & 0xffffff,
                (word >> 64) & 0xffffff,
                word & 0xffffffffffffffff
            );
            gasOf[kind] += before - gasleft();
        }
        emit Gas(tick, gasOf);
    }

    function _apply(uint256 place, uint256 kind, uint8 asset, uint256 from, uint256 to, uint256 amount) private {
        if (kind == TRANSFER) {
            _asset(asset).transferFrom(accounts[from], accounts[to], amount);
        } else if (kind == LOCK) {
            _asset(asset).transferFrom(accounts[from], address(escrow), amount);
            escrow.lock(asset, accounts[from], amount);
        } else if (kind == AWARD) {
            escrow.award(asset, accounts[to], amount);
        } else if (kind == PAY_OUT) {
            _asset(asset).transfer(accounts[to], amount);
        } else if (kind == STAKE) {
            token.transferFrom(accounts[from], address(escrow), amount);
            escrow.creditStake(accounts[from], amount);
        } else if (kind == RELEASE) {
            escrow.releaseStake(accounts[from], accounts[to], amount);
        } else if (kind == SLASH) {
            escrow.slashIntoRound(accounts[from], amount);
        } else if (kind == SWAP) {
            _swap(place, asset, amount);
        } else if (kind == MINT) {
            _asset(asset).mint(accounts[to], amount);
        } else if (kind == BURN) {
            _asset(asset).burnFrom(accounts[from], amount);
        } else if (kind == BURN_AWARD) {
            escrow.burnAward(asset, amount);
        } else if (kind == REDEEM) {
            // two words, token first: the second one makes both payments
            if (asset == 0) tokenRedeemed = amount;
            else _redeem(tokenRedeemed, amount);
        } else if (kind == ADD_LIQUIDITY) {
            pair.mint(address(this));
        } else {
            revert UnknownKind(place, kind);
        }
    }

    /// What has arrived at the pair beyond its reserve of `assetIn` is swapped; the output waits here.
    function _swap(uint256 place, uint8 assetIn, uint256 booked) private {
        (uint256 reserveIn, uint256 reserveOut) = reserves();
        if (assetIn == 1) (reserveIn, reserveOut) = (reserveOut, reserveIn);
        uint256 input = (_asset(assetIn).balanceOf(address(pair)) - reserveIn) * 997;
        uint256 quoted = (input * reserveOut) / (reserveIn * 1000 + input);
        if (quoted != booked) revert SwapDiffers(place, booked, quoted);
        // output is cash, which is token1 where token is token0, unless cash came in
        bool outFirst = (assetIn == 0) != tokenFirst;
        pair.swap(outFirst ? booked : 0, outFirst ? 0 : booked, address(this), "");
    }

    /**
     * Redeems as little of the liquidity as yields both amounts, which wait here to be paid out, and gives the pool back
     * what came beyond them.
     */
    function _redeem(uint256 tokenOut, uint256 cashOut) private {
        (uint256 reserveToken, uint256 reserveCash) = reserves();
        uint256 supply = pair.totalSupply();
        uint256 forToken = _ceilDiv((tokenOut == 0 ? 1 : tokenOut) * supply, reserveToken);
        uint256 forCash = _ceilDiv((cashOut == 0 ? 1 : cashOut) * supply, reserveCash);
        uint256 liquidity = forToken > forCash ? forToken : forCash;
        uint256 owned = pair.balanceOf(address(this));
        if (liquidity > owned) revert LiquidityExhausted(liquidity, owned);
        pair.transfer(address(pair), liquidity);
        (uint256 first, uint256 second) = pair.burn(address(this));
        (uint256 gotToken, uint256 gotCash) = tokenFirst ? (first, second) : (second, first);
        token.transfer(address(pair), gotToken - tokenOut);
        cash.transfer(address(pair), gotCash - cashOut);
        pair.sync();
    }

    function _asset(uint256 asset) private view returns (MarketToken) {
        return asset == 0 ? token : cash;
    }

    function _ceilDiv(uint256 a, uint256 b) private pure returns (uint256) {
        return (a + b - 1) / b;
    }

    // --- views ---

    /// @notice The pool's reserves of token and cash.
    function reserves() public view returns (uint256 ofToken, uint256 ofCash) {
        (uint256 first, uint256 second,) = pair.getReserves();
        return tokenFirst ? (first, second) : (second, first);
    }

    /// All balances at once, milli-units.
    struct State {
        /// of each account: agents' slots, then system accounts; of the escrow what waits in its round
        uint256[] token;
        uint256[] cash;
        /// of each slot
        uint256[] stake;
        uint256 reserveToken;
        uint256 reserveCash;
        uint256[2] supply;
        /// what escrow holds, and what it accounts for
        uint256[2] escrowHolds;
        uint256[2] escrowOwes;
        uint256 alive;
    }

    /// @notice Everything that a ledger holds, in one call.
    function state() external view returns (State memory s) {
        uint256 count = accountCount;
        s.token = new uint256[](count);
        s.cash = new uint256[](count);
        s.stake = new uint256[](slots);
        for (uint256 k = 0; k < count; k++) {
            address account = accounts[k];
            if (account == address(0)) continue;
            bool pooled = account == address(escrow);
            s.token[k] = pooled ? escrow.pool(0) : token.balanceOf(account);
            s.cash[k] = pooled ? escrow.pool(1) : cash.balanceOf(account);
            if (k < slots) s.stake[k] = escrow.stakeOf(account);
        }
        if (address(pair) != address(0)) (s.reserveToken, s.reserveCash) = reserves();
        for (uint256 asset = 0; asset < 2; asset++) {
            s.supply[asset] = _asset(asset).totalSupply();
            s.escrowHolds[asset] = _asset(asset).balanceOf(address(escrow));
            s.escrowOwes[asset] = escrow.held(asset);
        }
        s.alive = registry.alive();
    }
}
