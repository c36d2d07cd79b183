using LatentDb.Grains.Contracts;
using LatentDb.Grains.Wire;
using LatentDb.MemoryStore.Links;

namespace LatentDb.Grains.Remote;

/// <summary>A verb of a memory that takes one value and gives one. The number goes over the wire.</summary>
internal abstract class GrainVerb(int number)
{
    public int Number => number;

    /// <summary>Answers at the owner: reads the arguments, calls, writes the result.</summary>
    public abstract Task AnswerAsync(IMemoryGrain grain, ReadOnlyMemory<byte> arguments, LinkBuffer result, CancellationToken cancellationToken);
}

/// <inheritdoc/>
/// <param name="number">Over the wire.</param>
/// <param name="call">The grain's own verb.</param>
internal sealed class GrainVerb<TArguments, TResult>(int number, Func<IMemoryGrain, TArguments, CancellationToken, Task<TResult>> call) : GrainVerb(number)
    where TArguments : notnull
{
    public override async Task AnswerAsync(IMemoryGrain grain, ReadOnlyMemory<byte> arguments, LinkBuffer result, CancellationToken cancellationToken)
    {
        var read = (TArguments)ContractCodec.Read(typeof(TArguments), arguments.Span)!;
        ContractCodec.Write(result, typeof(TResult), await call(grain, read, cancellationToken).ConfigureAwait(false));
    }

    public TResult ReadResult(ReadOnlySpan<byte> result) => (TResult)ContractCodec.Read(typeof(TResult), result)!;
}
