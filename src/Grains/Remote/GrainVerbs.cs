using System.Collections.Frozen;
using System.Collections.Immutable;
using LatentDb.Grains.Contracts;
using LatentDb.Grains.Wire;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.MemoryStore.Versions.Operations;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.Grains.Remote;

/// <summary>All verbs that cross from silo to silo. A number is never used again for another one.</summary>
internal static class GrainVerbs
{
    public const int Query = 100;
    public const int Import = 101;
    public const int Export = 102;
    public const int ListMemories = 103;
    public const int Usage = 104;

    public static readonly GrainVerb<CreateMemoryCommand, WriteResult<MemorySummary>> Create = new(1, (grain, command, token) => grain.CreateAsync(command, token));
    public static readonly GrainVerb<ForkCommand, WriteResult<MemorySummary>> Fork = new(2, (grain, command, token) => grain.CreateForkAsync(command, token));
    public static readonly GrainVerb<NoArguments, MemorySummary> Describe = new(3, (grain, _, token) => grain.DescribeAsync(token));
    public static readonly GrainVerb<InjectCommand, InjectResult> Inject = new(4, (grain, command, token) => grain.InjectAsync(command, token));
    public static readonly GrainVerb<InjectBatchCommand, InjectBatchResult> InjectBatch = new(5, (grain, command, token) => grain.InjectBatchAsync(command, token));
    public static readonly GrainVerb<InjectCommand, AcceptedOperation> Accept = new(6, (grain, command, token) => grain.AcceptAsync(command, token));
    public static readonly GrainVerb<InjectBatchCommand, AcceptedOperation> AcceptBatch = new(7, (grain, command, token) => grain.AcceptBatchAsync(command, token));
    public static readonly GrainVerb<OperationUid, WriteOperation> GetOperation = new(8, (grain, uid, token) => grain.GetOperationAsync(uid, token));
    public static readonly GrainVerb<OperationPage, ImmutableArray<WriteOperation>> ListOperations = new(9, (grain, page, token) => grain.ListOperationsAsync(page.Limit, page.Before, token));
    public static readonly GrainVerb<OperationUid, WriteOperation> CancelOperation = new(10, (grain, uid, token) => grain.CancelOperationAsync(uid, token));
    public static readonly GrainVerb<RollbackCommand, WriteResult<MemoryVersion>> RollBack = new(11, (grain, command, token) => grain.RollBackAsync(command, token));
    public static readonly GrainVerb<VersionPage, ImmutableArray<MemoryVersion>> ListVersions = new(12, (grain, page, token) => grain.ListVersionsAsync(page.Limit, page.Before, token));
    public static readonly GrainVerb<VersionNumber, MemoryVersion> GetVersion = new(13, (grain, number, token) => grain.GetVersionAsync(number, token));
    public static readonly GrainVerb<string, MemoryVersion?> FindWrite = new(14, (grain, key, token) => grain.FindWriteAsync(key, token));
    public static readonly GrainVerb<VersionNumber, TextInput?> ReadText = new(15, (grain, number, token) => grain.ReadTextAsync(number, token));
    public static readonly GrainVerb<DiffRange, MemoryDiff> Diff = new(16, (grain, range, token) => grain.DiffAsync(range.From, range.To, token));
    public static readonly GrainVerb<SnapshotCommand, WriteResult<Snapshot>> CreateSnapshot = new(17, (grain, command, token) => grain.CreateSnapshotAsync(command, token));
    public static readonly GrainVerb<NoArguments, ImmutableArray<Snapshot>> ListSnapshots = new(18, (grain, _, token) => grain.ListSnapshotsAsync(token));
    public static readonly GrainVerb<DeleteSnapshotCommand, bool> DeleteSnapshot = new(19, (grain, command, token) => grain.DeleteSnapshotAsync(command, token));
    public static readonly GrainVerb<EraseCommand, bool> Erase = new(20, (grain, command, token) => grain.EraseAsync(command, token));

    private static readonly FrozenDictionary<int, GrainVerb> ByNumber = new GrainVerb[]
    {
        Create, Fork, Describe, Inject, InjectBatch, Accept, AcceptBatch, GetOperation, ListOperations, CancelOperation, RollBack, ListVersions, GetVersion,
        FindWrite, ReadText, Diff, CreateSnapshot, ListSnapshots, DeleteSnapshot, Erase,
    }.ToFrozenDictionary(verb => verb.Number);

    /// <summary>Null = a verb of a newer program, or one of those above that stream.</summary>
    public static GrainVerb? Find(int number) => ByNumber.GetValueOrDefault(number);
}
