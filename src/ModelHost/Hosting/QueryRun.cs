using System.Diagnostics;
using System.Runtime.CompilerServices;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;
using LatentDb.ModelHost.Generation;
using LatentDb.ModelHost.Model;
using LatentDb.ModelHost.Model.Sessions;
using LatentDb.ModelHost.Paging;
using LatentDb.ModelHost.Scheduling;
using LatentDb.ModelHost.Telemetry;
using LatentDb.ModelHost.Tokenizers;

namespace LatentDb.ModelHost.Hosting;

/// <summary>One query from its prompt to its last token. Everything that it holds is freed when the enumeration ends, however it ends.</summary>
internal sealed class QueryRun(
    MemoryModel model, Tokenizer tokenizer, ChatTemplate template, MemoryPager pager, StepScheduler scheduler, ModelTelemetry telemetry, TimeProvider time)
{
    private readonly long _arrived = time.GetTimestamp();
    private TimeSpan _queue;
    private TimeSpan _decode;

    public async IAsyncEnumerable<GenerationEvent> RunAsync(
        QueryRequest request, int[] prompt, TimeSpan tokenize, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var clock = new StageClock(time);
        using StepScheduler.Admission place = await telemetry.EnterAsync(scheduler, cancellationToken).ConfigureAwait(false);
        _queue += clock.Lap();
        Manifest manifest = request.Version.Manifest;
        // Pinned to the end: decode attends to the resident rows themselves. The session is disposed first.
        using PinHandle rows = await telemetry.PinAsync(time, () => pager.PinForReadAsync(manifest, request.Source, cancellationToken)).ConfigureAwait(false);
        TimeSpan pageIn = clock.Lap();
        using ReadSession session = model.NewSession(prompt.Length, request.Options.MaxTokens);
        TimeSpan prefill;
        using (StepScheduler.Turn turn = await telemetry.TakeTurnAsync(place, cancellationToken).ConfigureAwait(false))
        {
            _queue += clock.Lap();
            using Activity? span = telemetry.Begin("model.prefill")?.SetTag("latentdb.tokens", prompt.Length);
            await model.PrefillAsync(session, rows, new Prompt(prompt), null, cancellationToken).ConfigureAwait(false);
            prefill = clock.Lap();
        }

        using ModelTelemetry.DecodeRecord record = telemetry.BeginDecode(time, _arrived, prompt.Length);

        var sampler = new Sampler(request.Options, model.Dimensions.Vocabulary);
        sampler.Observe(prompt);
        var answer = new AnswerText(tokenizer, request.Options, request.Prompt is TextInput.Conversation);
        int generated = 0;
        var reason = FinishReason.Length;
        while (true)
        {
            int id = sampler.Next(session.Logits);
            if (template.StopIds.Contains(id))
            {
                reason = FinishReason.Stop;
                break;
            }

            generated++;
            record.Token();
            string text = answer.Append(id);
            record.Text(text);
            if (text.Length > 0) yield return new GeneratedText(text);
            if (answer.IsStopped)
            {
                reason = FinishReason.Stop;
                break;
            }

            if (generated == request.Options.MaxTokens) break;
            await StepAsync(session, place, id, record, cancellationToken).ConfigureAwait(false);
        }

        string rest = answer.Flush();
        record.Text(rest);
        if (rest.Length > 0) yield return new GeneratedText(rest);
        var timings = new StageTimings { Queue = _queue, Tokenize = tokenize, PageIn = pageIn, Prefill = prefill, Decode = _decode };
        telemetry.CompletedQuery(timings);
        yield return new GenerationCompleted(reason, new TokenUsage(prompt.Length, generated), Report(manifest, session), timings);
    }

    private async ValueTask StepAsync(ReadSession session, StepScheduler.Admission place, int id, ModelTelemetry.DecodeRecord record, CancellationToken cancellationToken)
    {
        var clock = new StageClock(time);
        using StepScheduler.Turn turn = await place.TakeTurnAsync(cancellationToken).ConfigureAwait(false);
        TimeSpan wait = clock.Lap();
        _queue += wait;
        record.Waited(wait);
        cancellationToken.ThrowIfCancellationRequested();
        model.Step([session], [id]);
        _decode += clock.Lap();
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
