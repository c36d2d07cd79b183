using LatentDb.Testing;

namespace LatentDb.Remote;

/// <summary>A model of 31 million random parameters, with the words of the small one: nothing can be learnt from its answers but how long they take.</summary>
internal static class RandomCheckpoint
{
    public static void WriteTo(string folder, string tokenizerOf)
    {
        var options = new TinyModelOptions
        {
            Layers = 8,
            HiddenSize = 512,
            IntermediateSize = 1536,
            Heads = 8,
            KeyValueHeads = 4,
            Vocabulary = 2172,
            RowsPerWrite = 64,
            Blocks = 12,
            RetrievedBlocks = 2,
            BankRows = 512,
            KeyWidth = 32,
            LoraRank = 0,
            MaxChunkTokens = 128,
        };
        new TinyModel(options).WriteTo(folder);
        foreach (string file in (string[])["tokenizer.json", "tokenizer_config.json"]) File.Copy(Path.Combine(tokenizerOf, file), Path.Combine(folder, file), overwrite: true);
    }
}
