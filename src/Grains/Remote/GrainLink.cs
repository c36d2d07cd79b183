using System.Diagnostics;
using System.Runtime.CompilerServices;
using LatentDb.Grains.Contracts;
using LatentDb.Grains.Wire;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Links;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.Grains.Remote;

/// <summary>Calls the grains of another silo: one stream for each call, closed at its end or when the caller gives it up.</summary>
/// <param name="links">Ways to other silos.</param>
/// <param name="address">Of the silo.</param>
internal sealed class GrainLink(ISiloLinks links, string address)
{
    private const int ArchivePieceBytes = 64 << 10;

    public async Task<TResult> CallAsync<TArguments, TResult>(GrainVerb<TArguments, TResult> verb, MemoryKey key, TArguments arguments, CancellationToken cancellationToken)
        where TArguments : notnull
    {
        using OpenCall call = await BeginAsync(Head(verb.Number, key), typeof(TArguments), arguments, cancellationToken).ConfigureAwait(false);
        TResult result = verb.ReadResult((await call.Answer.ReadAsync(GrainCall.ResultFrame, cancellationToken).ConfigureAwait(false)).Span);
        await call.EndAsync(cancellationToken).ConfigureAwait(false);
        return result;
    }

    public async Task<OwnedPage> ListAsync(TenantId tenant, MemoryPage page, CancellationToken cancellationToken)
    {
        using OpenCall call = await BeginAsync(Head(GrainVerbs.ListMemories, tenant), typeof(MemoryPage), page, cancellationToken).ConfigureAwait(false);
        OwnedPage part = OwnedPage.Read((await call.Answer.ReadAsync(GrainCall.ResultFrame, cancellationToken).ConfigureAwait(false)).Span);
        await call.EndAsync(cancellationToken).ConfigureAwait(false);
        return part;
    }

    public async Task<TenantUsage> UsageAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        using OpenCall call = await BeginAsync(Head(GrainVerbs.Usage, tenant), typeof(NoArguments), NoArguments.Instance, cancellationToken).ConfigureAwait(false);
        var usage = (TenantUsage)ContractCodec.Read(typeof(TenantUsage), (await call.Answer.ReadAsync(GrainCall.ResultFrame, cancellationToken).ConfigureAwait(false)).Span)!;
        await call.EndAsync(cancellationToken).ConfigureAwait(false);
        return usage;
    }

    public async IAsyncEnumerable<QueryEvent> QueryAsync(MemoryKey key, QueryCommand command, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using OpenCall call = await BeginAsync(Head(GrainVerbs.Query, key), typeof(QueryCommand), command, cancellationToken).ConfigureAwait(false);
        while (await call.Answer.ReadAsync(cancellationToken).ConfigureAwait(false) is { } frame)
        {
            yield return (QueryEvent)ContractCodec.Read(typeof(QueryEvent), frame.Payload.Span)!;
        }

        call.Keep();
    }

    public async Task ExportAsync(MemoryKey key, ExportCommand command, Stream archive, CancellationToken cancellationToken)
    {
        using OpenCall call = await BeginAsync(Head(GrainVerbs.Export, key), typeof(ExportCommand), command, cancellationToken).ConfigureAwait(false);
        while (await call.Answer.ReadAsync(cancellationToken).ConfigureAwait(false) is { } frame)
        {
            await archive.WriteAsync(frame.Payload, cancellationToken).ConfigureAwait(false);
        }

        call.Keep();
    }

    /// <remarks>Of two tries the first may have met a stream of earlier calls that was gone; nothing of the archive has been read then, and nothing made.</remarks>
    public async Task<WriteResult<MemorySummary>> ImportAsync(MemoryKey key, ImportCommand command, Stream archive, CancellationToken cancellationToken)
    {
        var watched = new WatchedStream(archive);
        try
        {
            return await ImportOnceAsync(key, command, watched, cancellationToken).ConfigureAwait(false);
        }
        catch (LinkBrokenException) when (!watched.IsTouched)
        {
            return await ImportOnceAsync(key, command, watched, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<WriteResult<MemorySummary>> ImportOnceAsync(MemoryKey key, ImportCommand command, Stream archive, CancellationToken cancellationToken)
    {
        using OpenCall call = await BeginAsync(Head(GrainVerbs.Import, key), typeof(ImportCommand), command, cancellationToken).ConfigureAwait(false);
        LinkFrame first = await call.Answer.ReadAsync(cancellationToken).ConfigureAwait(false) ?? throw Mute();
        if (first.Kind == GrainCall.ResultFrame) return ReadMade(first.Payload); // It was made before; nobody needs the archive.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task pump = PumpAsync(archive, call.Request, stop.Token);
        Task<ReadOnlyMemory<byte>> made = call.Answer.ReadAsync(GrainCall.ResultFrame, stop.Token).AsTask();
        try
        {
            // What hinders the reading of the archive is the error; a link that breaks while it is sent is told by the answer, if there is one.
            if (await Task.WhenAny(pump, made).ConfigureAwait(false) == pump && pump.Exception?.InnerException is not LinkBrokenException) await pump.ConfigureAwait(false);
            return ReadMade(await made.ConfigureAwait(false));
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(pump, made).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task PumpAsync(Stream archive, LinkWriter request, CancellationToken cancellationToken)
    {
        byte[] piece = new byte[ArchivePieceBytes];
        while (await archive.ReadAsync(piece, cancellationToken).ConfigureAwait(false) is > 0 and int count)
        {
            await request.WriteAsync(GrainCall.BytesFrame, piece.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
        }

        await request.WriteEndAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task<OpenCall> BeginAsync(GrainCall head, Type type, object arguments, CancellationToken cancellationToken)
    {
        Stream stream = await links.OpenAsync(address, LinkChannel.Grains, cancellationToken).ConfigureAwait(false);
        var call = new OpenCall(stream);
        try
        {
            await head.SendAsync(call.Request, type, arguments, cancellationToken).ConfigureAwait(false);
            return call;
        }
        catch
        {
            call.Dispose();
            throw;
        }
    }

    private static GrainCall Head(int verb, MemoryKey key) => new(verb, key.Tenant, key.Memory, Activity.Current?.Id);

    private static GrainCall Head(int verb, TenantId tenant) => new(verb, tenant, null, Activity.Current?.Id);

    private static WriteResult<MemorySummary> ReadMade(ReadOnlyMemory<byte> result) =>
        (WriteResult<MemorySummary>)ContractCodec.Read(typeof(WriteResult<MemorySummary>), result.Span)!;

    private static LatentDbException Mute() => new(ErrorCode.DataDamaged, "Another silo has ended a call without an answer.");

    /// <summary>A call that is under way.</summary>
    private sealed class OpenCall(Stream stream) : IDisposable
    {
        public LinkWriter Request { get; } = new(stream);

        public LinkReader Answer { get; } = new(stream);

        /// <summary>The end of the answer has been read: the next call may have the stream.</summary>
        public void Keep() => LinkPool.Keep(stream);

        /// <summary>The result is here, so a stream that breaks before the end of the call does no harm; it only is not used again.</summary>
        public async ValueTask EndAsync(CancellationToken cancellationToken)
        {
            try
            {
                if (await Answer.ReadAsync(cancellationToken).ConfigureAwait(false) is null) Keep();
            }
            catch (LinkBrokenException)
            {
                // Not kept.
            }
        }


        /// <summary>Closing the stream tells the other side that nobody waits any more.</summary>
        public void Dispose()
        {
            stream.Dispose();
            Request.Dispose();
            Answer.Dispose();
        }
    }
}
