// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

/**
 * @notice Identity, reputation and validation of agents, in the manner of ERC-8004 (De Rossi, Crapis, Ellis & Reppel
 * 2025) in one contract. An identity is an ERC-721 token whose number is world x 2^64 + serial, and whose metadata
 * are its lineage and the hash of its reward genes.
 */
contract AgentRegistry is ERC721, AccessControl {
    using Strings for uint256;

    bytes32 public constant REGISTRAR_ROLE = keccak256("REGISTRAR_ROLE");

    struct Identity {
        uint64 world;
        uint64 serial;
        uint64 parent;
        uint64 secondParent;
        uint64 generation;
        uint64 bornAt;
        /// tick of death + 1; 0 = alive
        uint64 goneAt;
        bytes32 genomeHash;
    }

    struct Reputation {
        uint64 count;
        int128 sum;
    }

    struct Validation {
        address validator;
        uint256 agent;
        uint8 response;
        bool answered;
    }

    mapping(uint256 agent => Identity) public identities;
    mapping(uint256 agent => Reputation) public reputations;
    mapping(uint256 agent => mapping(address client => int8)) public lastFeedback;
    mapping(bytes32 request => Validation) public validations;
    mapping(uint256 agent => Reputation) public validationSummary;
    uint256 public alive;

    event Registered(uint256 indexed agent, address indexed owner, uint64 serial, bytes32 genomeHash);
    event Died(uint256 indexed agent, uint64 tick);
    event NewFeedback(uint256 indexed agent, address indexed client, int8 score, bytes32 tag);
    event ValidationRequested(bytes32 indexed request, address indexed validator, uint256 indexed agent);
    event ValidationAnswered(bytes32 indexed request, uint8 response);

    error NotAlive(uint256 agent);
    error OwnFeedback(uint256 agent);
    error ScoreOutOfRange(int8 score);
    error NotOwner(uint256 agent, address caller);
    error NotValidator(bytes32 request, address caller);
    error RequestTaken(bytes32 request);
    error ResponseOutOfRange(uint8 response);

    constructor(address admin) ERC721("Darwin Market Agent", "AGENT") {
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
    }

    // --- identity ---

    function agentId(uint64 world, uint64 serial) public pure returns (uint256) {
        return (uint256(world) << 64) | serial;
    }

    /// @notice Registers a newborn, an immigrant or a founder to its wallet.
    function register(address owner, Identity calldata identity)
        external
        onlyRole(REGISTRAR_ROLE)
        returns (uint256 agent)
    {
        agent = agentId(identity.world, identity.serial);
        identities[agent] = identity;
        alive++;
        _mint(owner, agent);
        emit Registered(agent, owner, identity.serial, identity.genomeHash);
    }

    /// @notice Notes a death. The identity stays: names are not used twice.
    function bury(uint256 agent, uint64 tick) external onlyRole(REGISTRAR_ROLE) {
        _requireOwned(agent);
        if (identities[agent].goneAt != 0) revert NotAlive(agent);
        identities[agent].goneAt = tick + 1;
        alive--;
        emit Died(agent, tick);
    }

    function isAlive(uint256 agent) public view returns (bool) {
        return _ownerOf(agent) != address(0) && identities[agent].goneAt == 0;
    }

    /// @notice The metadata as a data: URI of JSON.
    function tokenURI(uint256 agent) public view override returns (string memory) {
        _requireOwned(agent);
        Identity memory i = identities[agent];
        bytes memory json = abi.encodePacked(
            '{"name":"agent ',
            uint256(i.serial).toString(),
            '","world":',
            uint256(i.world).toString(),
            ',"parent":',
            uint256(i.parent).toString(),
            ',"secondParent":',
            uint256(i.secondParent).toString(),
            ',"generation":',
            uint256(i.generation).toString()
        );
        json = abi.encodePacked(
            json,
            ',"bornAt":',
            uint256(i.bornAt).toString(),
            ',"genomeHash":"',
            Strings.toHexString(uint256(i.genomeHash), 32),
            '"}'
        );
        return string.concat("data:application/json;base64,", Base64.encode(json));
    }

    // --- reputation ---

    /// @notice A client's score of an agent from -100 to 100; a later one replaces it.
    function giveFeedback(uint256 agent, int8 score, bytes32 tag) external {
        if (!isAlive(agent)) revert NotAlive(agent);
        if (msg.sender == ownerOf(agent)) revert OwnFeedback(agent);
        if (score < -100 || score > 100 || score == 0) revert ScoreOutOfRange(score);
        Reputation storage reputation = reputations[agent];
        int8 before = lastFeedback[agent][msg.sender];
        if (before == 0) reputation.count++;
        reputation.sum += int128(score) - before;
        lastFeedback[agent][msg.sender] = score;
        emit NewFeedback(agent, msg.sender, score, tag);
    }

    // --- validation ---

    /// @notice An agent's owner asks a validator to check work, which `request` is the hash of.
    function requestValidation(address validator, uint256 agent, bytes32 request) external {
        if (msg.sender != ownerOf(agent)) revert NotOwner(agent, msg.sender);
        if (validations[request].validator != address(0)) revert RequestTaken(request);
        validations[request] = Validation(validator, agent, 0, false);
        emit ValidationRequested(request, validator, agent);
    }

    /// @notice The validator's answer from 0 to 100; a later one replaces it.
    function respond(bytes32 request, uint8 response) external {
        Validation storage validation = validations[request];
        if (msg.sender != validation.validator) revert NotValidator(request, msg.sender);
        if (response > 100) revert ResponseOutOfRange(response);
        Reputation storage summary = validationSummary[validation.agent];
        if (!validation.answered) summary.count++;
        else summary.sum -= int128(uint128(validation.response));
        summary.sum += int128(uint128(response));
        validation.answered = true;
        validation.response = response;
        emit ValidationAnswered(request, response);
    }

    function supportsInterface(bytes4 id) public view override(ERC721, AccessControl) returns (bool) {
        return super.supportsInterface(id);
    }
}
