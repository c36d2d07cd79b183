using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Versions.Operations;

/// <summary>Injects that are to be made later, as they are kept until then.</summary>
/// <param name="Items">One version each, in this order.</param>
/// <param name="IsBatch">True when they were asked for as a list.</param>
/// <param name="ExpectedHead">The head that the first of them needs; null = any.</param>
/// <param name="Origin">Who asks, and the idempotency key.</param>
public sealed record OperationDraft(ImmutableArray<OperationItem> Items, bool IsBatch, VersionNumber? ExpectedHead, WriteOrigin Origin);

/// <summary>One inject of an operation.</summary>
/// <param name="Text">The text, in the form in which it is kept with a version.</param>
/// <param name="Seed">What the drops are drawn from; null = drawn when it is made.</param>
/// <param name="Metadata">A JSON object as text; null = none.</param>
public sealed record OperationItem(string Text, ulong? Seed, string? Metadata);

/// <summary>The item of an operation that a version makes: kept in the same commit, so that none is made twice.</summary>
/// <param name="Operation">The operation.</param>
/// <param name="Item">The item's place in it.</param>
public sealed record OperationStep(OperationUid Operation, int Item);
