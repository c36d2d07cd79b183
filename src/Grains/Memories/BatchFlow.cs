using System.Collections.Immutable;
using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Timeline;

namespace LatentDb.Grains.Memories;

/// <summary>Several injects in one turn, until one fails.</summary>
internal sealed class BatchFlow(InjectFlow inject)
{
    public async Task<InjectBatchResult> RunAsync(MemoryTimeline timeline, InjectBatchCommand batch, CancellationToken cancellationToken)
    {
        var digest = RequestDigests.Of(batch);
        var written = ImmutableArray.CreateBuilder<InjectResult>(batch.Items.Length);
        for (int i = 0; i < batch.Items.Length; i++)
        {
            InjectItem item = batch.Items[i];
            var command = new InjectCommand(item.Text, item.Seed, i == 0 ? batch.ExpectedHead : null, RequestDigests.OfItem(batch.Origin, digest, i)) { Metadata = item.Metadata };
            try
            {
                written.Add(await inject.RunAsync(timeline, command, step: null, cancellationToken).ConfigureAwait(false));
            }
            catch (LatentDbException error) when (i > 0)
            {
                // What was written stays written, and its caller must learn of it.
                return new InjectBatchResult(written.ToImmutable(), error);
            }
        }

        return new InjectBatchResult(written.MoveToImmutable(), null);
    }
}
