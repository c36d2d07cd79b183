using System.Buffers.Binary;
using System.Security.Cryptography;
using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.Grains.Memories;

/// <summary>Idempotency → precondition → model → commit. Until the commit nothing is visible; after it the answer is only told.</summary>
internal sealed class InjectFlow(MemoryCatalog catalog, IModelHost model, TimeProvider time)
{
    public async Task<InjectResult> RunAsync(MemoryTimeline timeline, InjectCommand command, CancellationToken cancellationToken)
    {
        if (command.OperationId is { } operation && timeline.FindOperation(operation) is { } first)
        {
            return new InjectResult(Replay.Require(first, VersionCause.Inject, operation), 0, new StageTimings(), IsReplay: true);
        }

        VersionedManifest head = await timeline.ReadAsync(VersionSelector.Head, cancellationToken).ConfigureAwait(false);
        Precondition.RequireHead(head.Version.Number, command.ExpectedHead);
        ulong seed = command.Seed ?? NewSeed();

        AppendTransaction transaction = timeline.BeginAppend();
        await using (transaction.ConfigureAwait(false))
        {
            var request = new InjectRequest(head, command.Text, seed, catalog.Blocks, transaction);
            InjectOutcome outcome = await model.InjectAsync(request, cancellationToken).ConfigureAwait(false);
            var draft = new VersionDraft(outcome.Deltas, model.Describe().Fingerprint, seed, outcome.Tokens, command.OperationId);

            long start = time.GetTimestamp();
            MemoryVersion version = await timeline.AppendAsync(transaction, draft, head.Version.Number, cancellationToken).ConfigureAwait(false);
            return new InjectResult(version, outcome.PaddedTokens, outcome.Timings with { Commit = time.GetElapsedTime(start) }, IsReplay: false);
        }
    }

    // Not predictable, so that nobody can choose words by what the next drop will lose; stored, so that a replay can repeat it.
    private static ulong NewSeed()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }
}
