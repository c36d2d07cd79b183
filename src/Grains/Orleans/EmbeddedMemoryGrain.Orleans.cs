using System.Diagnostics;
using LatentDb.Grains.Orleans;
using LatentDb.MemoryStore.Errors;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Concurrency;
using Orleans.Runtime;
using ErrorCode = LatentDb.MemoryStore.Errors.ErrorCode;

namespace LatentDb.Grains.Hosting;

/// <summary>
/// The same handle as a grain of Orleans, which finds it and carries its calls. Turns, bounds, draining and telemetry stay those of the embedded host,
/// so calls interleave here and wait there.
/// </summary>
[GrainType(MemoryGrainIds.Type)]
[ShardOwnerPlacement]
[Reentrant]
internal sealed partial class EmbeddedMemoryGrain : Grain, IIncomingGrainCallFilter
{
    [ActivatorUtilitiesConstructor]
    public EmbeddedMemoryGrain(IGrainContext context, EmbeddedGrainHost host)
        : this(MemoryGrainIds.KeyOf(context.GrainId), host)
    {
    }

    /// <summary>
    /// A shard that went to another silo takes its grains along. Moved, not put away: a caller that remembers the old place would otherwise make the grain
    /// there again, and again. Not before its calls have ended: Orleans takes a grain whose answer is being read for idle.
    /// </summary>
    public async Task Invoke(IIncomingGrainCallContext context)
    {
        using Activity? arrival = RequestContext.Get(OrleansMemoryGrain.TraceParent) is string trace ? host.Telemetry.BeginArrival(trace) : null;
        try
        {
            await context.Invoke().ConfigureAwait(true);
        }
        catch (LatentDbException error) when (error.Code == ErrorCode.NotOwner)
        {
            if (!host.HasCalls(key)) MigrateOnIdle();
            throw;
        }
    }
}
