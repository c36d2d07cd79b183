using LatentDb.MemoryStore.Errors;

namespace LatentDb.MemoryStore.Links;

/// <summary>
/// A service that answers in frames: what it throws reaches the caller as the error that it is, and its end is announced. After the end the stream may
/// carry another call.
/// </summary>
#pragma warning disable CA1001 // Its source of cancellation has no timer and nothing linked: there is nothing to give back.
public abstract class FramedLinkService : ILinkService
#pragma warning restore CA1001
{
    private readonly CancellationTokenSource _isEnding = new();

    /// <inheritdoc/>
    public abstract LinkChannel Channel { get; }

    /// <summary>Reads what is asked and writes the answer, without the frame of the end.</summary>
    protected abstract Task AnswerAsync(LinkReader request, LinkWriter answer, CancellationToken cancellationToken);

    /// <summary>Sees what cannot be told to the caller, because it is a defect; the place for a log.</summary>
    protected abstract void OnDefect(Exception error);

    /// <inheritdoc/>
    public void EndIdle() => _isEnding.Cancel();

    /// <inheritdoc/>
    public async Task ServeAsync(Stream stream, CancellationToken cancellationToken)
    {
        using var request = new LinkReader(stream);
        using var answer = new LinkWriter(stream);
        try
        {
            do
            {
                await AnswerAsync(request, answer, cancellationToken).ConfigureAwait(false);
                await answer.WriteEndAsync(cancellationToken).ConfigureAwait(false);
            }
            while (await HasMoreAsync(request, cancellationToken).ConfigureAwait(false));
        }
        catch (LinkBrokenException)
        {
            throw; // Nobody is there to be told.
        }
        catch (LatentDbException error)
        {
            await answer.WriteErrorAsync(error, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
#pragma warning disable CA1031 // The edge of a silo: whatever went wrong, the caller is told that it did, and the log what it was.
        catch (Exception error)
#pragma warning restore CA1031
        {
            OnDefect(error);
            await answer.WriteErrorAsync(new LatentDbException(ErrorCode.Internal, "A defect of LatentDB at another silo; its log says which."), cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask<bool> HasMoreAsync(LinkReader request, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _isEnding.Token);
        try
        {
            return await request.HasMoreAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
