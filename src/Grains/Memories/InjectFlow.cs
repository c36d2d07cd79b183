using System.Buffers.Binary;
using System.Security.Cryptography;
using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;
using LatentDb.MemoryStore.Versions.Operations;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.Grains.Memories;

/// <summary>Idempotency → precondition → model → commit. Until the commit nothing is visible; after it the answer is only told.</summary>
/// <param name="catalog">The memories.</param>
/// <param name="model">What writes rows.</param>
/// <param name="tenant">On whose account it computes.</param>
/// <param name="time">What the commit is measured with.</param>
/// <param name="keepsText">Keep the text with the version.</param>
internal sealed class InjectFlow(MemoryCatalog catalog, IModelHost model, TenantId tenant, TimeProvider time, bool keepsText)
{
    /// <summary>Bits of a seed that is drawn here: JSON clients that read numbers as doubles read these exactly. Callers may send all 64.</summary>
    private const int SeedBits = 53;

    /// <param name="timeline">The memory.</param>
    /// <param name="command">What is written; an item of a batch brings its digest.</param>
    /// <param name="step">The item of an accepted operation that this makes; null = none.</param>
    /// <param name="cancellationToken">Without effect once the version is being committed.</param>
    public async Task<InjectResult> RunAsync(MemoryTimeline timeline, InjectCommand command, OperationStep? step, CancellationToken cancellationToken)
    {
        WriteOrigin origin = command.Origin.Digest is null ? command.Origin.Signed(RequestDigests.Of(command)) : command.Origin;
        if (timeline.FindWrite(origin, WriteVerb.Inject) is { } first)
        {
            MemoryVersion made = timeline.GetVersion(first.Version);
            if (first.Digest is null && made.HasText) Replay.RequireSameText(await timeline.ReadTextAsync(made.Number, cancellationToken).ConfigureAwait(false), command.Text, first.Key);
            return new InjectResult(made, 0, new StageTimings(), IsReplay: true);
        }

        VersionedManifest head = await timeline.ReadAsync(VersionSelector.Head, cancellationToken).ConfigureAwait(false);
        Precondition.RequireHead(head.Version.Number, command.ExpectedHead);
        ulong seed = command.Seed ?? NewSeed();

        AppendTransaction transaction = timeline.BeginAppend();
        await using (transaction.ConfigureAwait(false))
        {
            var request = new InjectRequest(head, command.Text, seed, catalog.Blocks, transaction)
            {
                Memory = timeline.Summary.Uid,
                Flow = tenant.Value,
                Priority = step is null ? RequestPriority.Normal : RequestPriority.Background,
            };
            InjectOutcome outcome = await model.InjectAsync(request, cancellationToken).ConfigureAwait(false);
            var draft = new VersionDraft(outcome.Deltas, head.Version.Fingerprint, seed, outcome.Tokens, origin.OperationId)
            {
                Author = origin.Author,
                Digest = origin.Digest,
                Step = step,
                Metadata = command.Metadata,
                Text = keepsText ? InjectedTextFormat.Encode(command.Text) : null,
            };

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
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes) >> (64 - SeedBits);
    }
}
