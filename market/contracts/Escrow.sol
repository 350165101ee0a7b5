// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20Burnable} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Burnable.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/**
 * @notice Stakes, and payments that wait for a verdict.
 *
 * Two ways to contract. An *agreement* is between one buyer and one seller, each for itself: the buyer pays in, the
 * seller accepts and thereby locks stake, an auditor's verdict pays or slashes, and silence until the deadline counts
 * as delivery. A *round* is the batch of a whole tick, made by a settler: payers lock, the first award is the verdict
 * on the round, and a round without one gives every payer its money back after the time-out.
 */
contract Escrow is AccessControl, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    bytes32 public constant AUDITOR_ROLE = keccak256("AUDITOR_ROLE");
    bytes32 public constant SETTLER_ROLE = keccak256("SETTLER_ROLE");

    uint8 public constant TOKEN = 0;
    uint8 public constant CASH = 1;

    enum Status {
        none,
        open,
        active,
        settled
    }

    struct Agreement {
        address buyer;
        address seller;
        uint8 asset;
        Status status;
        uint64 deadline;
        uint128 payment;
        uint128 stake;
    }

    struct Withdrawal {
        uint128 amount;
        uint64 due;
    }

    struct Round {
        uint64 number;
        uint64 openedAt;
        bool decided;
    }

    /// What a payer has locked, valid in the round of that number.
    struct Lock {
        uint64 round;
        uint128 amount;
    }

    /// @notice Seconds between asking for stake back and receiving it.
    uint64 public immutable unstakeDelay;
    /// @notice Seconds after which a round without a verdict can be reclaimed.
    uint64 public immutable verdictTimeout;
    IERC20 private immutable token;
    IERC20 private immutable cash;

    /// @notice Milli-units of each asset that are accounted for; what the contract holds beyond is nobody's yet.
    uint256[2] public held;
    mapping(address agent => uint256) public stakeOf;
    /// @notice Part of a stake that stands behind active agreements.
    mapping(address agent => uint256) public lockedStakeOf;
    mapping(address agent => Withdrawal) public withdrawalOf;
    mapping(uint256 id => Agreement) public agreements;
    uint256 public agreementCount;

    /// @notice The current round, or the last one where nothing waits; number 0 = none yet.
    Round public round;
    /// @notice Of the current round, milli-units that still wait.
    uint256[2] public pool;
    mapping(uint8 asset => mapping(address payer => Lock)) private locks;

    event Staked(address indexed agent, uint256 amount);
    event StakeReleased(address indexed agent, address indexed to, uint256 amount);
    event AgreementOpened(uint256 indexed id, address indexed buyer, address indexed seller);
    event AgreementAccepted(uint256 indexed id);
    event AgreementSettled(uint256 indexed id, bool delivered, uint256 slashed, uint256 compensation);

    error NothingArrived(uint8 asset, uint256 expected, uint256 found);
    error StakeTooSmall(address agent, uint256 free, uint256 wanted);
    error WrongStatus(uint256 id, Status status);
    error NotParty(uint256 id, address caller);
    error TooEarly(uint256 due);
    error TooLate(uint256 deadline);
    error NothingToWithdraw(address agent);
    error WithdrawalPending(address agent);
    error SlashTooLarge(uint256 stake, uint256 slashed, uint256 compensation);
    error PoolTooSmall(uint8 asset, uint256 pool, uint256 wanted);
    error ZeroAmount();

    constructor(IERC20 token_, IERC20 cash_, uint64 unstakeDelay_, uint64 verdictTimeout_, address admin) {
        token = token_;
        cash = cash_;
        unstakeDelay = unstakeDelay_;
        verdictTimeout = verdictTimeout_;
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
    }

    // --- stakes ---

    /// @notice Stake that backs no agreement and has not been asked back.
    function freeStakeOf(address agent) public view returns (uint256) {
        uint256 bound = lockedStakeOf[agent] + withdrawalOf[agent].amount;
        uint256 stake_ = stakeOf[agent];
        return stake_ > bound ? stake_ - bound : 0;
    }

    /// @notice Stakes the caller's own token, which it has approved before.
    function stake(uint256 amount) external nonReentrant {
        if (amount == 0) revert ZeroAmount();
        stakeOf[msg.sender] += amount;
        held[TOKEN] += amount;
        emit Staked(msg.sender, amount);
        token.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @notice Asks stake back; until it is due it can still be slashed by the settler's verdicts.
    function requestUnstake(uint256 amount) external nonReentrant {
        if (amount == 0) revert ZeroAmount();
        if (withdrawalOf[msg.sender].amount != 0) revert WithdrawalPending(msg.sender);
        uint256 free = freeStakeOf(msg.sender);
        if (amount > free) revert StakeTooSmall(msg.sender, free, amount);
        withdrawalOf[msg.sender] = Withdrawal(uint128(amount), uint64(block.timestamp) + unstakeDelay);
    }

    /// @notice Pays out what the caller asked back, cut to what its stake still holds beyond its agreements.
    function withdraw() external nonReentrant {
        Withdrawal memory asked = withdrawalOf[msg.sender];
        if (asked.amount == 0) revert NothingToWithdraw(msg.sender);
        if (block.timestamp < asked.due) revert TooEarly(asked.due);
        uint256 left = stakeOf[msg.sender] - lockedStakeOf[msg.sender];
        uint256 amount = asked.amount < left ? asked.amount : left;
        delete withdrawalOf[msg.sender];
        _releaseStake(msg.sender, msg.sender, amount);
    }

    // --- agreements ---

    /// @notice The buyer pays in and names what the seller must put behind its promise.
    function open(address seller, uint8 asset, uint128 payment, uint128 stake_, uint64 deadline)
        external
        nonReentrant
        returns (uint256 id)
    {
        if (payment == 0) revert ZeroAmount();
        if (deadline <= block.timestamp) revert TooLate(deadline);
        id = agreementCount++;
        agreements[id] = Agreement(msg.sender, seller, asset, Status.open, deadline, payment, stake_);
        held[asset] += payment;
        emit AgreementOpened(id, msg.sender, seller);
        _asset(asset).safeTransferFrom(msg.sender, address(this), payment);
    }

    /// @notice The seller accepts, and its stake is locked.
    function accept(uint256 id) external nonReentrant {
        Agreement storage agreement = _expect(id, Status.open);
        if (msg.sender != agreement.seller) revert NotParty(id, msg.sender);
        if (block.timestamp >= agreement.deadline) revert TooLate(agreement.deadline);
        uint256 free = freeStakeOf(msg.sender);
        if (agreement.stake > free) revert StakeTooSmall(msg.sender, free, agreement.stake);
        lockedStakeOf[msg.sender] += agreement.stake;
        agreement.status = Status.active;
        emit AgreementAccepted(id);
    }

    /// @notice The buyer takes back an offer that nobody has accepted.
    function cancel(uint256 id) external nonReentrant {
        Agreement storage agreement = _expect(id, Status.open);
        if (msg.sender != agreement.buyer) revert NotParty(id, msg.sender);
        agreement.status = Status.settled;
        _pay(agreement.asset, agreement.buyer, agreement.payment);
    }

    /**
     * @notice An auditor's verdict: a delivery is paid, a default refunded, and stake slashed.
     * @param slashed part of the locked stake, at most all of it
     * @param compensation part of what is slashed that the buyer gets; the rest is burned
     */
    function verdict(uint256 id, bool delivered, uint256 slashed, uint256 compensation)
        external
        nonReentrant
        onlyRole(AUDITOR_ROLE)
    {
        Agreement storage agreement = _expect(id, Status.active);
        if (block.timestamp >= agreement.deadline) revert TooLate(agreement.deadline);
        if (delivered) slashed = compensation = 0;
        if (slashed > agreement.stake || compensation > slashed)
            revert SlashTooLarge(agreement.stake, slashed, compensation);
        agreement.status = Status.settled;
        lockedStakeOf[agreement.seller] -= agreement.stake;
        stakeOf[agreement.seller] -= slashed;
        emit AgreementSettled(id, delivered, slashed, compensation);
        _pay(agreement.asset, delivered ? agreement.seller : agreement.buyer, agreement.payment);
        _pay(TOKEN, agreement.buyer, compensation);
        _burn(TOKEN, slashed - compensation);
    }

    /// @notice After the deadline without a verdict, delivery is taken for granted. Anybody may call it.
    function expire(uint256 id) external nonReentrant {
        Agreement storage agreement = _expect(id, Status.active);
        if (block.timestamp < agreement.deadline) revert TooEarly(agreement.deadline);
        agreement.status = Status.settled;
        lockedStakeOf[agreement.seller] -= agreement.stake;
        emit AgreementSettled(id, true, 0, 0);
        _pay(agreement.asset, agreement.seller, agreement.payment);
    }

    // --- rounds: the batch of a tick ---

    /// @notice Books stake that the settler has just sent here for an agent.
    function creditStake(address agent, uint256 amount) external nonReentrant onlyRole(SETTLER_ROLE) {
        _arrived(TOKEN, amount);
        stakeOf[agent] += amount;
    }

    /// @notice Pays stake out: to its owner, or to whom a verdict gives it.
    function releaseStake(address agent, address to, uint256 amount)
        external
        nonReentrant
        onlyRole(SETTLER_ROLE)
    {
        _releaseStake(agent, to, amount);
    }

    /// @notice Slashes stake into the current round, whose awards say who gets it.
    function slashIntoRound(address agent, uint256 amount) external nonReentrant onlyRole(SETTLER_ROLE) {
        uint256 free = stakeOf[agent] - lockedStakeOf[agent];
        if (amount > free) revert StakeTooSmall(agent, free, amount);
        stakeOf[agent] -= amount;
        _lock(TOKEN, agent, amount);
    }

    /// @notice Books a payment into the current round, opening one where none is, that the settler has just sent here.
    function lock(uint8 asset, address payer, uint256 amount) external nonReentrant onlyRole(SETTLER_ROLE) {
        _arrived(asset, amount);
        _lock(asset, payer, amount);
    }

    /// @notice Awards part of the current round; the first award is the verdict, after which nothing is reclaimed.
    function award(uint8 asset, address to, uint256 amount) external nonReentrant onlyRole(SETTLER_ROLE) {
        _take(asset, amount);
        _pay(asset, to, amount);
    }

    /// @notice Burns part of the current round.
    function burnAward(uint8 asset, uint256 amount) external nonReentrant onlyRole(SETTLER_ROLE) {
        _take(asset, amount);
        _burn(asset, amount);
    }

    /// @notice What a payer has in the current round, milli-units.
    function lockOf(uint8 asset, address payer) public view returns (uint256) {
        Lock memory own = locks[asset][payer];
        return own.round == round.number ? own.amount : 0;
    }

    /// @notice Gives a payer's part of the current round back if no verdict came in time. Anybody may call it.
    function reclaim(uint8 asset, address payer) external nonReentrant {
        Round memory current = round;
        uint256 due = uint256(current.openedAt) + verdictTimeout;
        if (current.number == 0 || current.decided || block.timestamp < due) revert TooEarly(due);
        uint256 amount = lockOf(asset, payer);
        if (amount == 0) revert NothingToWithdraw(payer);
        locks[asset][payer].amount = 0;
        pool[asset] -= amount;
        _pay(asset, payer, amount);
    }

    // --- inside ---

    function _expect(uint256 id, Status status) private view returns (Agreement storage agreement) {
        agreement = agreements[id];
        if (agreement.status != status) revert WrongStatus(id, agreement.status);
    }

    function _asset(uint8 asset) private view returns (IERC20) {
        return asset == TOKEN ? token : cash;
    }

    /// A round takes locks while anything waits in it; those behind its verdict can be awarded, not reclaimed.
    function _lock(uint8 asset, address payer, uint256 amount) private {
        if (round.number == 0 || (pool[TOKEN] == 0 && pool[CASH] == 0))
            round = Round(round.number + 1, uint64(block.timestamp), false);
        locks[asset][payer] = Lock(round.number, uint128(lockOf(asset, payer) + amount));
        pool[asset] += amount;
    }

    function _take(uint8 asset, uint256 amount) private {
        if (amount > pool[asset]) revert PoolTooSmall(asset, pool[asset], amount);
        pool[asset] -= amount;
        if (round.decided) return;
        uint256 deadline = uint256(round.openedAt) + verdictTimeout;
        if (block.timestamp >= deadline) revert TooLate(deadline);
        round.decided = true;
    }

    function _arrived(uint8 asset, uint256 amount) private {
        uint256 found = _asset(asset).balanceOf(address(this)) - held[asset];
        if (found < amount) revert NothingArrived(asset, amount, found);
        held[asset] += amount;
    }

    function _releaseStake(address agent, address to, uint256 amount) private {
        uint256 free = stakeOf[agent] - lockedStakeOf[agent];
        if (amount > free) revert StakeTooSmall(agent, free, amount);
        stakeOf[agent] -= amount;
        emit StakeReleased(agent, to, amount);
        _pay(TOKEN, to, amount);
    }

    function _pay(uint8 asset, address to, uint256 amount) private {
        if (amount == 0) return;
        held[asset] -= amount;
        _asset(asset).safeTransfer(to, amount);
    }

    function _burn(uint8 asset, uint256 amount) private {
        if (amount == 0) return;
        held[asset] -= amount;
        ERC20Burnable(address(_asset(asset))).burn(amount);
    }
}
