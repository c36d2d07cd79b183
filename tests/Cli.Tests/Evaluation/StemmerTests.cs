using LatentDb.Cli.Evaluation.Scoring;

namespace LatentDb.Cli.Tests.Evaluation;

/// <summary>Words of Porter's paper, each step of it, and the changes beyond it.</summary>
public sealed class StemmerTests
{
    [Theory]
    [InlineData("caresses caress ponies poni ties tie cats cat feed feed agreed agre plastered plaster bled bled motoring motor sing sing")]
    [InlineData("conflated conflat troubled troubl sized size hopping hop tanned tan falling fall hissing hiss fizzed fizz failing fail filing file")]
    [InlineData("happy happi sky sky relational relat conditional condit rational ration valenci valenc digitizer digit conformabli conform")]
    [InlineData("radicalli radic differentli differ vileli vile analogousli analog predication predic operator oper feudalism feudal")]
    [InlineData("decisiveness decis hopefulness hope callousness callous formaliti formal sensitiviti sensit sensibiliti sensibl")]
    [InlineData("triplicate triplic formative form formalize formal electriciti electr electrical electr hopeful hope goodness good")]
    [InlineData("revival reviv allowance allow inference infer airliner airlin gyroscopic gyroscop adjustable adjust defensible defens irritant irrit")]
    [InlineData("replacement replac adjustment adjust dependent depend adoption adopt communism commun activate activ homologous homolog effective effect")]
    [InlineData("probate probat rate rate cease ceas controll control roll roll is is by by died die skies sky dying die news news enjoy enjoy cry cri")]
    [InlineData("geology geolog playfully play carefully care theologi theolog")]
    public void Words_lose_their_endings(string pairs)
    {
        string[] words = pairs.Split(' ');
        for (int i = 0; i < words.Length; i += 2) Assert.Equal((words[i], words[i + 1]), (words[i], PorterStemmer.Stem(words[i])));
    }
}
