using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Contracts;
using LatentDb.VsPyTorch.Memories;

namespace LatentDb.VsPyTorch;

/// <summary>
/// Do both sides compute the same? An inject's rows are compared number by number. Of an answer the peer follows our tokens and tells at each how
/// far it is below the logit that it would have chosen: zero means the same choice. A model that keeps K and V in bf16 differs where two logits are as
/// close as that rounding; how close is told in parts of the logits' standard deviation. Where a bank has more rows than are read, rounding also decides
/// which of the random rows at the edge are read, so such a memory says something in fp32 only.
/// </summary>
internal sealed class Agreement(LoadedModel model, OurSide ours, PythonPeer peer, Report report)
{
    private const int Prompts = 4;
    private const int Tokens = 16;

    public async Task CheckAnswersAsync(RandomMemory memory, string name, int promptTokens)
    {
        var random = new Random(7);
        int agreed = 0;
        double worst = 0;
        for (int prompt = 0; prompt < Prompts; prompt++)
        {
            int[] ids = Words.Draw(random, promptTokens, model.Facts.VocabularySize);
            int[] answer = await ours.AnswerAsync(memory, ids, Tokens);
            JsonNode reply = await peer.AskAsync(new { @do = "query", name, ids, follow = answer });
            double[] gaps = [.. reply["gaps"]!.AsArray().Select(g => (double)g!)];
            agreed += gaps.Count(g => g == 0);
            worst = Math.Max(worst, gaps.Max() / (double)reply["spread"]!);
        }

        report.Write(Report.Text(
            $"A bank of {memory.BankRows} rows, {model.Facts.RetrievedRows} read: {agreed} of {Prompts * Tokens} tokens are PyTorch's own choice; the others are at most {worst:0.0000} standard deviations of the logits below it."));
    }

    public async Task CheckRowsAsync(RandomMemory memory, string name, int tokens)
    {
        (double error, double largest) = await CompareRowsAsync(memory, name, Words.Draw(new Random(8), tokens, model.Facts.VocabularySize));
        report.Write(Report.Text($"An inject's new rows differ by at most {error:G2} where the largest number is {largest:G3}."));
        report.Write(string.Empty);
    }

    private async Task<(double Error, double Largest)> CompareRowsAsync(RandomMemory memory, string name, int[] ids)
    {
        string file = Path.GetTempFileName();
        try
        {
            InjectOutcome outcome = await model.InjectAsync(memory, Words.ToText(ids), CancellationToken.None);
            await peer.AskAsync(new { @do = "inject", name, ids, rows_file = file });
            float[] theirs = MemoryMarshal.Cast<byte, float>(await File.ReadAllBytesAsync(file)).ToArray();
            float[] own = [.. Enumerable.Range(0, model.Facts.Layers).SelectMany(layer => Numbers(model.Blocks.Hidden(outcome.Deltas[0].Block, layer).Find(SliceColumn.Hidden)!))];
            if (own.Length != theirs.Length) throw new InvalidOperationException($"We wrote {own.Length} numbers, PyTorch {theirs.Length}.");
            model.Blocks.Forget(outcome.Deltas[0].Block);
            return (own.Zip(theirs, (a, b) => Math.Abs((double)a - b)).Max(), theirs.Max(Math.Abs));
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static IEnumerable<float> Numbers(SliceTensor tensor)
    {
        ImmutableArray<byte> bytes = [.. tensor.Bytes.Span];
        return tensor.Type == ElementType.F32
            ? MemoryMarshal.Cast<byte, float>(bytes.AsSpan()).ToArray()
            : MemoryMarshal.Cast<byte, ushort>(bytes.AsSpan()).ToArray().Select(b => BitConverter.UInt32BitsToSingle((uint)b << 16));
    }
}
