using System.Diagnostics;
using LatentDb.Grains.Contracts;
using LatentDb.Grains.Telemetry;
using LatentDb.Grains.Wire;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Links;
using LatentDb.MemoryStore.Versions;
using Microsoft.Extensions.Logging;

namespace LatentDb.Grains.Remote;

/// <summary>
/// Answers calls of other silos with the grains of this one. A memory of a shard that is not open here is not_owner before anything was done; whoever
/// closes the stream cancels the call.
/// </summary>
internal sealed partial class GrainService(LocalGrains local, ILogger<GrainService> logger) : FramedLinkService, IDisposable
{
    /// <summary>Pieces in which an archive goes out.</summary>
    private const int ArchivePieceBytes = 64 << 10;

    private readonly ActivitySource _source = new(GrainTelemetry.Name);

    /// <inheritdoc/>
    public override LinkChannel Channel => LinkChannel.Grains;

    /// <inheritdoc/>
    public void Dispose() => _source.Dispose();

    /// <inheritdoc/>
    protected override async Task AnswerAsync(LinkReader request, LinkWriter answer, CancellationToken cancellationToken)
    {
        GrainCall call = GrainCall.Read((await request.ReadAsync(GrainCall.CallFrame, cancellationToken).ConfigureAwait(false)).Span);
        ReadOnlyMemory<byte> arguments = await request.ReadAsync(GrainCall.ArgumentsFrame, cancellationToken).ConfigureAwait(false);
        using Activity? activity = _source.StartActivity("grain.link", ActivityKind.Server, call.TraceParent);
        switch (call.Verb)
        {
            case GrainVerbs.ListMemories: await ListAsync(call, arguments, answer, cancellationToken).ConfigureAwait(false); break;
            case GrainVerbs.Usage: await SendAsync(answer, typeof(TenantUsage), local.UsageOf(call.Tenant), cancellationToken).ConfigureAwait(false); break;
            case GrainVerbs.Query: await QueryAsync(call, arguments, answer, cancellationToken).ConfigureAwait(false); break;
            case GrainVerbs.Export: await ExportAsync(call, arguments, answer, cancellationToken).ConfigureAwait(false); break;
            case GrainVerbs.Import: await ImportAsync(call, arguments, request, answer, cancellationToken).ConfigureAwait(false); break;
            default: await CallAsync(call, arguments, answer, cancellationToken).ConfigureAwait(false); break;
        }
    }

    /// <inheritdoc/>
    protected override void OnDefect(Exception error) => LogDefect(logger, error);

    private async Task CallAsync(GrainCall call, ReadOnlyMemory<byte> arguments, LinkWriter answer, CancellationToken cancellationToken)
    {
        GrainVerb verb = GrainVerbs.Find(call.Verb) ?? throw new LatentDbException(ErrorCode.UnsupportedFormat, $"Verb {call.Verb} is of a newer program; update this silo.");
        using var result = new LinkBuffer();
        await verb.AnswerAsync(Memory(call), arguments, result, cancellationToken).ConfigureAwait(false);
        await answer.AddAsync(GrainCall.ResultFrame, result.Written, cancellationToken).ConfigureAwait(false);
    }

    private async Task ListAsync(GrainCall call, ReadOnlyMemory<byte> arguments, LinkWriter answer, CancellationToken cancellationToken)
    {
        var asked = (MemoryPage)ContractCodec.Read(typeof(MemoryPage), arguments.Span)!;
        OwnedPage page = await local.ListAsync(call.Tenant, asked.Limit, asked.After, cancellationToken).ConfigureAwait(false);
        using var result = new LinkBuffer();
        page.Write(result);
        await answer.AddAsync(GrainCall.ResultFrame, result.Written, cancellationToken).ConfigureAwait(false);
    }

    private async Task QueryAsync(GrainCall call, ReadOnlyMemory<byte> arguments, LinkWriter answer, CancellationToken cancellationToken)
    {
        var command = (QueryCommand)ContractCodec.Read(typeof(QueryCommand), arguments.Span)!;
        using var message = new LinkBuffer();
        await foreach (QueryEvent step in Memory(call).QueryAsync(command, cancellationToken).ConfigureAwait(false))
        {
            message.Clear();
            ContractCodec.Write(message, typeof(QueryEvent), step);
            await answer.WriteAsync(GrainCall.EventFrame, message.Written, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task ExportAsync(GrainCall call, ReadOnlyMemory<byte> arguments, LinkWriter answer, CancellationToken cancellationToken)
    {
        var command = (ExportCommand)ContractCodec.Read(typeof(ExportCommand), arguments.Span)!;
        var pieces = new BufferedStream(new ArchiveStream(null, answer), ArchivePieceBytes);
        await Memory(call).ExportAsync(command, pieces, cancellationToken).ConfigureAwait(false);
        await pieces.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task ImportAsync(GrainCall call, ReadOnlyMemory<byte> arguments, LinkReader request, LinkWriter answer, CancellationToken cancellationToken)
    {
        var command = (ImportCommand)ContractCodec.Read(typeof(ImportCommand), arguments.Span)!;
        WriteResult<MemorySummary> made = await Memory(call).ImportAsync(command, new ArchiveStream(request, answer), cancellationToken).ConfigureAwait(false);
        await SendAsync(answer, typeof(WriteResult<MemorySummary>), made, cancellationToken).ConfigureAwait(false);
    }

    private static async Task SendAsync(LinkWriter answer, Type type, object value, CancellationToken cancellationToken)
    {
        using var result = new LinkBuffer();
        ContractCodec.Write(result, type, value);
        await answer.AddAsync(GrainCall.ResultFrame, result.Written, cancellationToken).ConfigureAwait(false);
    }

    private IMemoryGrain Memory(GrainCall call) =>
        local.GetMemory(new MemoryKey(call.Tenant, call.Memory ?? throw new LatentDbException(ErrorCode.DataDamaged, "A call from another silo names no memory.")));

    [LoggerMessage(EventId = 311, Level = LogLevel.Error, Message = "A call from another silo met a defect.")]
    private static partial void LogDefect(ILogger logger, Exception error);
}
