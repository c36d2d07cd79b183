using System.Runtime.CompilerServices;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;
using LatentDb.ModelHost.Generation;
using LatentDb.ModelHost.Model;
using LatentDb.ModelHost.Model.Passes;
using LatentDb.ModelHost.Model.Sessions;
using LatentDb.ModelHost.Paging;
using LatentDb.ModelHost.Scheduling;
using LatentDb.ModelHost.Telemetry;
using LatentDb.ModelHost.Tokenizers;

namespace LatentDb.ModelHost.Hosting;

/// <summary>One query from its prompt to its last token. Everything that it holds is freed when the enumeration ends, however it ends.</summary>
internal sealed class QueryRun(
    MemoryModel model, Tokenizer tokenizer, ChatTemplate template, MemoryPager pager, PromptCache prompts, BatchScheduler scheduler, ModelTelemetry telemetry, TimeProvider time)
{
    private readonly long _arrived = time.GetTimestamp();

    public async IAsyncEnumerable<GenerationEvent> RunAsync(
        QueryRequest request, int[] prompt, TimeSpan tokenize, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var clock = new StageClock(time);
        using Place place = await EnterAsync(request, prompt.Length, cancellationToken).ConfigureAwait(false);
        TimeSpan queue = clock.Lap();

        // Held to the last token: every step reads the resident rows themselves.
        Manifest manifest = request.Version.Manifest;
        using PinHandle rows = await telemetry.PinAsync(time, () => pager.ReserveForReadAsync(manifest, request.Source, request.Flow, cancellationToken)).ConfigureAwait(false);
        TimeSpan pageIn = clock.Lap();

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using ReadSession session = model.NewSession(prompt.Length, request.Options.MaxTokens);
        using PrefillPass prefill = BeginPrefill(request, session, rows, prompt, stop.Token);
        var sampler = new Sampler(request.Options, model.Dimensions.Vocabulary);
        sampler.Observe(prompt);
        var running = new RunningAnswer(session, sampler, template.StopIds, request.Options.MaxTokens);
        var work = new LoopRequest(place, new PassWork(prefill), running, stop.Token);
        Task computing = scheduler.RunAsync(work);
        var answer = new AnswerText(tokenizer, request.Options, request.Prompt is TextInput.Conversation);
        int generated = 0;
        ModelTelemetry.DecodeRecord? record = null;
        try
        {
            // The wait throws what ended the loop's work, so that there is a record once there are tokens, or none to come.
            while (!answer.IsStopped && await running.Tokens.WaitAsync().ConfigureAwait(false))
            {
                record ??= BeginDecode(work, prompt.Length);
                while (!answer.IsStopped && running.Tokens.TryRead(out int id))
                {
                    generated++;
                    record.Token();
                    string text = answer.Append(id);
                    record.Text(text);
                    if (text.Length > 0) yield return new GeneratedText(text);
                }
            }

            record ??= BeginDecode(work, prompt.Length);
            string rest = answer.Flush();
            record.Text(rest);
            if (rest.Length > 0) yield return new GeneratedText(rest);
        }
        finally
        {
            // The loop must have let go of the session before it is disposed. An answer that ended itself has: then this waits for nothing.
            if (!computing.IsCompleted) await stop.CancelAsync().ConfigureAwait(false);
            await computing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            record?.Waited(work.Times.BetweenSteps(time));
            record?.Dispose();
        }

        Keep(request, session, prompt);

        StageTimings timings = Completed(new StageTimings { Queue = queue, Tokenize = tokenize, PageIn = pageIn }, work.Times);
        var reason = answer.IsStopped || running.EndedItsTurn ? FinishReason.Stop : FinishReason.Length;
        yield return new GenerationCompleted(reason, new TokenUsage(prompt.Length, generated), Report(manifest, session), timings);
    }

    private ValueTask<Place> EnterAsync(QueryRequest request, int promptTokens, CancellationToken cancellationToken)
    {
        // While the request stands in line the disk need not stand still.
        if (scheduler.IsFull) pager.Prefetch(request.Version.Manifest, request.Source, request.Flow, cancellationToken);
        return telemetry.EnterAsync(scheduler, new Demand(request.Flow, request.Priority, (long)promptTokens * model.Dimensions.L), cancellationToken);
    }

    /// <summary>The prefill is over: its spans can be told, and tokens are counted from here.</summary>
    private ModelTelemetry.DecodeRecord BeginDecode(LoopRequest work, int promptTokens)
    {
        telemetry.Computed(time, work.Times, "model.prefill", promptTokens);
        return telemetry.BeginDecode(time, _arrived, promptTokens);
    }

    private PrefillPass BeginPrefill(QueryRequest request, ReadSession session, PinHandle rows, int[] prompt, CancellationToken cancellationToken)
    {
        CachedPrompt? known = KeptUnder(request) is { } memory ? prompts.Rent(new PromptKey(memory, request.Version.Version.Number), prompt) : null;
        try
        {
            telemetry.CountPrompt(known?.Prefix.UsableRows(prompt) ?? 0, prompt.Length);
            return model.BeginPrefill(session, rows, new Prompt(prompt, known?.Prefix, request.ReadsBank), null, cancellationToken);
        }
        finally
        {
            prompts.Return(known);
        }
    }

    /// <summary>A prompt that was read without the bank has other rows behind the same words, so it is not kept.</summary>
    private static MemoryUid? KeptUnder(QueryRequest request) => request.ReadsBank ? request.Memory : null;

    /// <summary>What was computed of the prompt stays for the next one over this version.</summary>
    private void Keep(QueryRequest request, ReadSession session, int[] prompt)
    {
        if (KeptUnder(request) is not { } memory || !prompts.IsUsed) return;
        if (model.Share(session, request.Version.Manifest, prompt) is not { } prefix) return;
        prompts.Keep(new CachedPrompt(new PromptKey(memory, request.Version.Version.Number), prompt, prefix));
    }

    private StageTimings Completed(StageTimings before, LoopTimes times)
    {
        StageTimings timings = before with
        {
            Queue = before.Queue + times.Queued(time),
            PageIn = before.PageIn + times.InWaits,
            Prefill = times.InPieces,
            Decode = times.InSteps,
        };
        telemetry.CompletedQuery(timings);
        return timings;
    }

    /// <summary>Positions in the bank to blocks, most rows first.</summary>
    private RetrievalReport Report(Manifest manifest, ReadSession session)
    {
        if (!model.Rules.KeepsBank) return RetrievalReport.None;
        var rowsOfBlock = new Dictionary<BlockId, (long WrittenAt, int Rows)>();
        for (int layer = 0; layer < session.Retrieved.Length; layer++)
        {
            int[] positions = [.. session.Retrieved[layer].Order()];
            int next = 0;
            int end = 0;
            foreach (BankRun run in manifest.Layers[layer].Bank)
            {
                end += run.Count;
                int first = next;
                while (next < positions.Length && positions[next] < end) next++;
                if (next == first) continue;
                ManifestBlock block = manifest.Blocks[run.Block];
                rowsOfBlock[block.Id] = (block.WrittenAt, rowsOfBlock.GetValueOrDefault(block.Id).Rows + next - first);
            }
        }

        return new RetrievalReport(
            [.. session.Retrieved.Select(r => r.Length)],
            [.. rowsOfBlock.Select(b => new RetrievedBlock(b.Key, b.Value.WrittenAt, b.Value.Rows)).OrderByDescending(b => b.Rows).ThenBy(b => b.WrittenAt)]);
    }
}
